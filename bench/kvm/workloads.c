/* The built-in guest's workloads as a program of the host.
   Usage: workloads REPEATS      prints name and microseconds of the quickest run of each */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include "../../firmware/src/bench/bench.h"

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

int main(int count, char **words) {
  int repeats = count == 2 ? atoi(words[1]) : 0;
  if (repeats < 1) return 2;
  bench_memory = mmap(0, BENCH_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (bench_memory == MAP_FAILED) return 1;
  for (u32 n = 0; n < workload_count; n++) {
    const struct workload *workload = &workloads[n];
    if (workload->needs_kernel) continue;
    double best = 1e30;
    for (int repeat = 0; repeat < repeats; repeat++) {
      double start = now();
      if (workload->run() != workload->expected) {
        fprintf(stderr, "%s: wrong sum\n", workload->name);
        return 1;
      }
      double took = now() - start;
      if (took < best) best = took;
    }
    printf("%s %.1f\n", workload->name, best);
  }
  return 0;
}
