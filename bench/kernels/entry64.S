/* The 64-bit image's first bytes: RDI holds the Multiboot information. */
  .section .text.entry, "ax"
  .globl _start
_start:
  lea stack_top(%rip), %rsp
  xor %ebp, %ebp
  call kernel_main

  .bss
  .align 16
  .skip 65536
stack_top:
