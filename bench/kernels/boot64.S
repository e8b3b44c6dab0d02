/* Multiboot entry of the amd64 kernels: switches to long mode with 2 MiB pages. The first GiB is mapped at 0 and at
 * 0xffffffff80000000; the 64-bit image, a flat binary, is entered at PAYLOAD_AT, where the command line of the
 * build wants it to run. */
#define CR0_PG_WP 0x80010000
#define CR0_NE_MP 0x22
#define CR0_EM_TS 0x0c
#define CR4_PAE_OSFXSR_OSXMMEXCPT 0x620
#define EFER 0xc0000080
#define EFER_LME 0x100
#define PRESENT_WRITE 3
#define LARGE 0x80

  .section .multiboot, "a"
  .align 4
  .long 0x1badb002, 0, -0x1badb002

  .section .text.entry, "ax"
  .code32
  .globl _start
_start:
  cli
  cld
  mov $pd, %edi
  mov $PRESENT_WRITE + LARGE, %eax
  mov $512, %ecx
1:
  mov %eax, (%edi)
  add $8, %edi
  add $0x200000, %eax
  loop 1b
  movl $pd + PRESENT_WRITE, pdpt
  movl $pd + PRESENT_WRITE, pdpt + 510 * 8
  movl $pdpt + PRESENT_WRITE, pml4
  movl $pdpt + PRESENT_WRITE, pml4 + 511 * 8

  mov $pml4, %eax
  mov %eax, %cr3
  mov %cr4, %eax
  or $CR4_PAE_OSFXSR_OSXMMEXCPT, %eax
  mov %eax, %cr4
  mov $EFER, %ecx
  rdmsr
  or $EFER_LME, %eax
  wrmsr
  mov %cr0, %eax
  and $~CR0_EM_TS, %eax
  or $CR0_PG_WP + CR0_NE_MP, %eax
  mov %eax, %cr0
  lgdt gdt_pointer
  ljmp $8, $long_mode

  .code64
long_mode:
  mov $16, %eax
  mov %eax, %ds
  mov %eax, %es
  mov %eax, %fs
  mov %eax, %gs
  mov %eax, %ss
  fninit
  mov %ebx, %edi
  movabs $PAYLOAD_AT, %rax
  jmp *%rax

  .section .rodata
  .align 8
gdt:
  .quad 0
  .quad 0x00af9b000000ffff
  .quad 0x00cf93000000ffff
gdt_pointer:
  .word . - gdt - 1
  .long gdt

  .section .payload, "aw"
  .incbin PAYLOAD

  .bss
  .align 4096
pml4:
  .skip 4096
pdpt:
  .skip 4096
pd:
  .skip 4096
