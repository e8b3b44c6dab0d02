; The real-mode program, at 0:1000h. Its first bytes are the entry at power-up, then what the other programs use.
bits 16
extern real_main, suite, suite_integer_count, suite_parts, suite_part_count, traps_common, traps_common_end
extern bss_start, bss_end

REAL_STACK equ 0xf000
PROT_PROGRAM equ 0x10000
LONG_PROGRAM equ 0x30000

section .start
  jmp cold_start
  align 4
  dd warm_start   ; +4: 32-bit code, entered from protected mode without paging
  dd v86_call     ; +8: 16-bit code for virtual-8086 mode: calls EAX, then INT 0FEh
  dd suite        ; +12
  dd suite_integer_count ; +16: its address
  dd suite_parts         ; +20
  dd suite_part_count    ; +24
  dd traps_common        ; +28
  dd traps_common_end    ; +32
  dd v86_cases           ; +36: functions for virtual-8086 mode

section .text
cold_start:
  call set_segments
  mov edi, bss_start
  mov ecx, bss_end
  sub ecx, edi
  xor eax, eax
  a32 rep stosb
run:
  call dword real_main
  ; the return value is the address of the program to go on with
enter_protected:
  cli
  mov ebx, eax
  lgdt [gdt_pointer]
  mov eax, cr0
  or al, 1
  mov cr0, eax
  jmp dword CODE32:.protected
bits 32
.protected:
  mov eax, DATA32
  mov ds, eax
  mov es, eax
  mov ss, eax
  mov fs, eax
  mov gs, eax
  jmp ebx

; Back from protected mode, to run the tests again
warm_start:
  lgdt [gdt_pointer]
  jmp CODE16:.code16
bits 16
.code16:
  mov ax, DATA16
  mov ds, ax
  mov es, ax
  mov ss, ax
  mov fs, ax
  mov gs, ax
  mov eax, cr0
  and al, 0xfe
  mov cr0, eax
  jmp 0:.real
.real:
  call set_segments
  lidt [vectors_pointer]
  jmp run

set_segments:
  pop cx
  xor ax, ax
  mov ds, ax
  mov es, ax
  mov fs, ax
  mov gs, ax
  mov ss, ax
  mov esp, REAL_STACK
  jmp cx

v86_call:
  call eax
  int 0xfe

v86_cli:
  cli
v86_int:
  int 0x61
v86_in:
  in al, 0x64
v86_segments:
  mov ax, 0x1111
  mov ds, ax
  mov ax, 0x2222
  mov es, ax
  mov ax, 0x3333
  mov fs, ax
  mov ax, 0x4444
  mov gs, ax
  int 0x61

section .rodata
align 8
v86_cases: dd v86_cli, v86_int, v86_in, v86_segments
align 8
gdt:
  dq 0
CODE32 equ $ - gdt
  dq 0x00cf9b000000ffff ; flat 32-bit code
DATA32 equ $ - gdt
  dq 0x00cf93000000ffff
CODE16 equ $ - gdt
  dq 0x00009b000000ffff ; base 0, limit FFFFh, as real mode wants it
DATA16 equ $ - gdt
  dq 0x000093000000ffff
gdt_end:
gdt_pointer:
  dw gdt_end - gdt - 1
  dd gdt
vectors_pointer:
  dw 0x3ff
  dd 0
