// The workloads as a program of the host, which takes the time itself.
// Usage: native NAME TIMES      prints nanoseconds of TIMES runs and the checksum, after one run to warm up
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include "../src/bench/bench.h"

u8 *tlb_window;

static u64 now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (u64)time.tv_sec * 1000000000 + (u64)time.tv_nsec;
}

static u8 *map(size_t bytes) {
  u8 *memory = mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (memory == MAP_FAILED) exit(1);
  return memory;
}

int main(int count, char **words) {
  if (count != 3) return 2;
  u8 *memory = map(BENCH_BYTES);
  tlb_window = map(TLB_PAGES * 4096ul);
  madvise(tlb_window, TLB_PAGES * 4096ul, MADV_NOHUGEPAGE);
  for (u32 n = 0; n < workload_count; n++) {
    const struct workload *workload = &workloads[n];
    if (strcmp(workload->name, words[1]) || workload->needs) continue;
    struct repeat work = {workload->run, memory, 1, workload->expected};
    bench_repeat(&work);
    work.times = (reg_t)atol(words[2]);
    u64 start = now();
    reg_t checksum = bench_repeat(&work);
    printf("%llu %0*lx\n", now() - start, REG_BITS / 4, checksum);
    return 0;
  }
  return 3;
}
