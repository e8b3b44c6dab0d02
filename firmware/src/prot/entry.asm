; The protected-mode program, at 10000h: entered flat, without paging.
bits 32
extern prot_main, suite, suite_integer_count, suite_parts, suite_part_count, workloads, workload_count, bench_repeat, bss_start, bss_end

PROT_STACK equ 0x2f000
LONG_PROGRAM equ 0x30000

section .start
  jmp start
  align 4
  dd suite       ; +8: for compatibility mode
  dd suite_integer_count ; +12: its address
  dd suite_parts ; +16
  dd suite_part_count ; +20: its address
  dd workloads ; +24
  dd workload_count ; +28: its address
  dd bench_repeat ; +32

section .text
start:
  mov esp, PROT_STACK
  mov edi, bss_start
  mov ecx, bss_end
  sub ecx, edi
  xor eax, eax
  rep stosb
  call prot_main
  mov eax, LONG_PROGRAM
  jmp eax
