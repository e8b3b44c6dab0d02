// System calls and page faults.
#include "bench.h"

static u64 system_call(u64 number, u64 argument) {
  u64 result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(argument) : "rcx", "r11", "rsi", "rdx", "r8", "r9", "r10", "memory");
  return result;
}

u64 bench_syscalls(void) {
  u64 value = 0;
  for (u32 i = 0; i < SYSCALLS; i++) value = system_call(SYSCALL_ADD, value + (i & 3));
  return value;
}

u64 bench_faults(void) {
  u64 sum = 0;
  for (u32 round = 0; round < FAULTS / FAULT_PAGES; round++) {
    *(volatile u8 *)(FAULT_WINDOW + FAULT_PAGES * 4096ul);
    for (u32 page = 0; page < FAULT_PAGES; page++) {
      volatile u64 *word = (volatile u64 *)(FAULT_WINDOW + page * 4096ul + page * 8);
      *word = round + page;
      sum += *word * (page + 1);
    }
  }
  return sum;
}
