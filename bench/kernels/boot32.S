/* Multiboot entry of the i386 kernels: flat segments, the first 64 MiB mapped by 4 KiB pages, x87 and SSE on. */
#define PAGES 16384
#define CR0_PG_WP 0x80010000
#define CR0_NE_MP 0x22
#define CR0_EM_TS 0x0c
#define CR4_OSFXSR_OSXMMEXCPT 0x600

  .section .multiboot, "a"
  .align 4
  .long 0x1badb002, 0, -0x1badb002

  .section .text.entry, "ax"
  .globl _start
_start:
  cli
  cld
  lgdt gdt_pointer
  ljmp $8, $1f
1:
  mov $16, %eax
  mov %eax, %ds
  mov %eax, %es
  mov %eax, %fs
  mov %eax, %gs
  mov %eax, %ss
  mov $stack_top, %esp
  mov %ebx, %esi

  mov $page_tables, %edi
  mov $3, %eax
  mov $PAGES, %ecx
2:
  mov %eax, (%edi)
  add $4, %edi
  add $4096, %eax
  loop 2b

  mov $page_directory, %edi
  mov $page_tables + 3, %eax
  mov $PAGES / 1024, %ecx
3:
  mov %eax, (%edi)
  add $4, %edi
  add $4096, %eax
  loop 3b

  mov $page_directory, %eax
  mov %eax, %cr3
  mov %cr4, %eax
  or $CR4_OSFXSR_OSXMMEXCPT, %eax
  mov %eax, %cr4
  mov %cr0, %eax
  and $~CR0_EM_TS, %eax
  or $CR0_PG_WP + CR0_NE_MP, %eax
  mov %eax, %cr0
  fninit

  sub $12, %esp
  push %esi
  call kernel_main

  .section .rodata
  .align 8
gdt:
  .quad 0
  .quad 0x00cf9b000000ffff
  .quad 0x00cf93000000ffff
gdt_pointer:
  .word . - gdt - 1
  .long gdt

  .bss
  .align 4096
page_directory:
  .skip 4096
page_tables:
  .skip PAGES * 4
  .skip 65536
stack_top:
