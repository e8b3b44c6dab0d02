// What leaves ring 3: system calls, page faults, ports, device memory, timer interrupts.
#include "bench.h"
#include "../common/io.h"
#include "../common/shared.h"

#ifdef __x86_64__
static reg_t system_call(reg_t number, reg_t argument) {
  reg_t result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(argument) : "rcx", "r11", "rsi", "rdx", "r8", "r9", "r10", "memory");
  return result;
}
#else
static reg_t system_call(reg_t number, reg_t argument) {
  reg_t result;
  __asm__ volatile("int %3" : "=a"(result) : "a"(number), "D"(argument), "i"(SYSCALL_VECTOR) : "memory");
  return result;
}
#endif

reg_t bench_syscalls(u8 *memory) {
  (void)memory;
  reg_t value = 0;
  for (u32 i = 0; i < SYSCALLS; i++) value = system_call(SYSCALL_ADD, value + (i & 3));
  return value;
}

reg_t bench_faults(u8 *memory) {
  (void)memory;
  reg_t sum = 0;
  for (u32 round = 0; round < FAULTS / FAULT_PAGES; round++) {
    *(volatile u8 *)(FAULT_WINDOW + FAULT_PAGES * 4096ul);
    for (u32 page = 0; page < FAULT_PAGES; page++) {
      volatile u32 *word = (volatile u32 *)(FAULT_WINDOW + page * 4096ul + page * 8);
      *word = round + page;
      sum += *word * (page + 1);
    }
  }
  return sum;
}

reg_t bench_ports(u8 *memory) {
  (void)memory;
  reg_t sum = 0;
  for (u32 i = 0; i < PORT_ACCESSES / 2; i++) {
    out8(SCRATCH_PORT, (u8)i);
    sum = sum * 31 + in8(SCRATCH_PORT);
  }
  return sum;
}

reg_t bench_mmio(u8 *memory) {
  (void)memory;
  volatile u32 *words = (volatile u32 *)MMIO_ADDRESS;
  u32 nothing = *words; // ones on some machines, zeros on others
  reg_t sum = 0;
  for (u32 i = 0; i < MMIO_ACCESSES / 2; i++) {
    words[i % 256] = i;
    sum = sum * 31 + i + (words[i % 256] ^ nothing);
  }
  return sum;
}

// Interrupts come one after the other, each armed by the one before; meanwhile a register goes round and round.
reg_t bench_timer(u8 *memory) {
  (void)memory;
  u32 until = shared->shots + TIMER_INTERRUPTS;
  u32 pattern = 0x9e3779b9;
  while ((i32)(until - shared->shots) > 0)
    for (u32 i = 0; i < 32; i++) __asm__("rol %0" : "+r"(pattern));
  return pattern;
}
