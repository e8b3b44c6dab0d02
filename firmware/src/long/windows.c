#include "windows.h"
#include "../bench/bench.h"
#include "../common/layout.h"
#include "kernel.h"

// Above the fault window's own table stand those of the TLB window, one after the other. 64-bit code reaches them through a
// PDPT and a directory of their own, 32-bit code through entries of the directory that maps the fourth GiB.
enum { PRESENT = 1, WRITE = 2, USER = 4, ACCESS = PRESENT | WRITE | USER, LARGE = 0x80 };
enum { TABLES = 1 + TLB_PAGES / 512 };
#define WINDOW_64 0x7f0000000000
#define WINDOW_32 0xc0000000
#define WINDOW_PDPT ((u64 *)TEST_TABLES)
#define WINDOW_DIRECTORY ((u64 *)(TEST_TABLES + 0x1000))
#define WINDOW_TABLE ((u64 *)(TEST_TABLES + 0x2000))
#define TLB_TABLE ((u64 *)(TEST_TABLES + 0x3000))
#define LOW_DIRECTORY ((u64 *)(LONG_PML4 + 0x2000 + (WINDOW_32 >> 30) * 0x1000))

static void flush(void) { __asm__ volatile("mov %%cr3, %%rax\n\tmov %%rax, %%cr3" : : : "rax", "memory"); }

static u64 window;

static reg_t window_fault(reg_t address) {
  u64 page = (address - window) >> 12;
  if (address < window || page > FAULT_PAGES) return 0;
  if (page == FAULT_PAGES || WINDOW_TABLE[FAULT_PAGES]) {
    for (u32 i = 0; i <= FAULT_PAGES; i++) WINDOW_TABLE[i] = 0;
    flush();
  }
  WINDOW_TABLE[page] = (BENCH_MEMORY + page * 4096) | ACCESS;
  return 1;
}

void windows_open(u64 bits) {
  window = bits == 64 ? WINDOW_64 : WINDOW_32;
  u64 *directory = bits == 64 ? WINDOW_DIRECTORY : LOW_DIRECTORY;
  for (u32 i = 0; i < 512; i++) WINDOW_PDPT[i] = WINDOW_DIRECTORY[i] = WINDOW_TABLE[i] = 0;
  for (u32 page = 0; page < TLB_PAGES; page++) TLB_TABLE[page] = (BENCH_MEMORY + page * 4096 % BENCH_BYTES) | ACCESS;
  for (u32 table = 0; table < TABLES; table++) directory[table] = ((u64)WINDOW_TABLE + table * 0x1000) | ACCESS;
  if (bits == 64) {
    WINDOW_PDPT[WINDOW_64 >> 30 & 511] = (u64)WINDOW_DIRECTORY | ACCESS;
    ((u64 *)LONG_PML4)[WINDOW_64 >> 39 & 511] = (u64)WINDOW_PDPT | ACCESS;
  }
  flush();
  page_fault_hook = window_fault;
}

void windows_close(u64 bits) {
  page_fault_hook = 0;
  if (bits == 64) ((u64 *)LONG_PML4)[WINDOW_64 >> 39 & 511] = 0;
  else
    for (u64 table = 0; table < TABLES; table++) LOW_DIRECTORY[table] = (WINDOW_32 + table * 0x200000) | ACCESS | LARGE;
  flush();
}
