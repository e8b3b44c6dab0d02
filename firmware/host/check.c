// The suite and the workloads as a program of the host: prints each test's checksum, and with -v its rows'.
#include <stdio.h>
#include <string.h>
#include "../src/bench/bench.h"
#include "../src/tests/suite.h"

u8 *tlb_window;

int main(int argc, char **argv) {
  int verbose = argc > 1 && !strcmp(argv[1], "-v");
  int failed = 0;
  for (u32 i = 0; i < suite_count; i++) {
    u32 got = suite[i].run();
    failed += got != suite[i].expected;
    printf("%-4s %-34s %08x", got == suite[i].expected ? "ok" : "DIFF", suite[i].name, got);
    if (got != suite[i].expected) printf(" expected %08x", suite[i].expected);
    printf("\n");
    for (u32 part = 0; verbose && part < suite_part_count; part++)
      printf("%08x%c", suite_parts[part], part % 8 == 7 || part + 1 == suite_part_count ? '\n' : ' ');
  }
  static u8 memory[BENCH_BYTES], window[TLB_PAGES * 4096];
  tlb_window = window;
  for (u32 i = 0; i < workload_count; i++) {
    if (workloads[i].needs) continue;
    reg_t got = workloads[i].run(memory);
    failed += got != workloads[i].expected;
    printf("%-4s bench %-28s %0*lx", got == workloads[i].expected ? "ok" : "DIFF", workloads[i].name, REG_BITS / 4, got);
    if (got != workloads[i].expected) printf(" expected %0*lx", REG_BITS / 4, workloads[i].expected);
    printf("\n");
  }
  return failed != 0;
}
