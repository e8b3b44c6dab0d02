; The long-mode program, at 30000h. Entered in flat 32-bit mode without paging; builds page tables that map the low
; 4 GiB one to one in 2 MiB pages, open to ring 3, and goes to 64-bit mode (SDM volume 3, 10.8.5).
bits 32
extern long_main, bss_start, bss_end
global gdt, gdt_pointer, return_to_real

LONG_STACK equ 0x6f000
PML4 equ 0x70000
PDPT equ 0x71000
DIRECTORIES equ 0x72000
PRESENT_RW_USER equ 7
LARGE equ 0x80
EFER equ 0xc0000080
EFER_SCE_LME_NXE equ 0x901
CR4_PAE_PGE_FXSR_XMM equ 0x6a0 ; PAE, PGE, OSFXSR, OSXMMEXCPT
REAL_WARM_START equ 0x1004

section .start
start:
  mov esp, LONG_STACK
  mov edi, PML4
  xor eax, eax
  mov ecx, 0x6000 / 4
  rep stosd
  mov dword [PML4], PDPT | PRESENT_RW_USER
  mov edi, PDPT
  mov eax, DIRECTORIES | PRESENT_RW_USER
.directory:
  mov [edi], eax
  add eax, 0x1000
  add edi, 8
  cmp edi, PDPT + 4 * 8
  jb .directory
  mov edi, DIRECTORIES
  mov eax, PRESENT_RW_USER | LARGE
.page:
  mov [edi], eax
  add edi, 8
  add eax, 0x200000
  jnc .page

  mov eax, CR4_PAE_PGE_FXSR_XMM
  mov cr4, eax
  mov eax, PML4
  mov cr3, eax
  mov ecx, EFER
  rdmsr
  or eax, EFER_SCE_LME_NXE
  wrmsr
  mov eax, cr0
  or eax, 0x80010022 ; PG, WP, NE, MP
  mov cr0, eax
  lgdt [gdt_pointer]
  jmp 0x08:.long_mode
bits 64
.long_mode:
  mov eax, 0x10
  mov ds, eax
  mov es, eax
  mov ss, eax
  mov fs, eax
  mov gs, eax
  mov edi, bss_start
  mov ecx, bss_end
  sub ecx, edi
  xor eax, eax
  rep stosb
  call long_main
.halt:
  cli
  hlt
  jmp .halt

section .text
; Leaves long mode and enters the real-mode program again (SDM volume 3, 10.8.5.4): compatibility mode first, then
; paging off, then LME off. Does not return.
return_to_real:
  cli
  push qword 0x18
  push qword .compatibility
  o64 retf
bits 32
.compatibility:
  mov eax, cr0
  and eax, 0x7fffffff
  mov cr0, eax
  mov ecx, EFER
  rdmsr
  and eax, ~EFER_SCE_LME_NXE
  wrmsr
  xor eax, eax
  mov cr4, eax
  mov cr3, eax
  mov eax, 0x20
  mov ds, eax
  mov es, eax
  mov ss, eax
  jmp [REAL_WARM_START]

; Selectors are fixed by SYSCALL and SYSRET: kernel code, kernel stack; then 32-bit user code, user data, user code.
section .data
align 8
gdt:
  dq 0
  dq 0x00209b0000000000 ; 08h: 64-bit code
  dq 0x00cf93000000ffff ; 10h: data
  dq 0x00cf9b000000ffff ; 18h: 32-bit code
  dq 0x00cf93000000ffff ; 20h: data
  dq 0x00cffb000000ffff ; 28h (2Bh): user 32-bit code
  dq 0x00cff3000000ffff ; 30h (33h): user data
  dq 0x0020fb0000000000 ; 38h (3Bh): user 64-bit code
  dq 0, 0               ; 40h: TSS, filled in later
gdt_end:
gdt_pointer:
  dw gdt_end - gdt - 1
  dq gdt
