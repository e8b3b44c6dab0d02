// 4-level paging: a window of its own below the PML4.
#include "../common/layout.h"
#include "../system/paging.h"
#include "tests.h"

#define WINDOW 0x123456600000ul
#define ENTRY(level) (WINDOW >> (12 + 9 * (level)) & 511)
#define PML4 ((volatile u64 *)LONG_PML4)
#define POINTERS ((volatile u64 *)TEST_TABLES)
#define DIRECTORY ((volatile u64 *)(TEST_TABLES + 0x1000))
#define TABLE ((volatile u64 *)(TEST_TABLES + 0x2000))
enum { OPEN = PAGE_P | PAGE_RW | PAGE_US };

static void set(u32 page, u64 entry) { TABLE[page] = entry; }
static u64 get(u32 page) { return TABLE[page]; }
static void set_directory(u64 flags) { DIRECTORY[ENTRY(1)] = (u64)TABLE | flags; }
static u64 get_directory(void) { return DIRECTORY[ENTRY(1)]; }
static void set_large(u64 entry) { DIRECTORY[ENTRY(1) + 1] = entry; }
static u64 get_large(void) { return DIRECTORY[ENTRY(1) + 1]; }

void long_paging_tests(void) {
  static const struct paging paging = {"long paging", 1, 0x200000, WINDOW, WINDOW + 0x200000, 0, 1 << 13, set, get,
                                       set_directory, get_directory, set_large, get_large};
  for (u32 i = 0; i < 512; i++) POINTERS[i] = DIRECTORY[i] = TABLE[i] = 0;
  PML4[ENTRY(3)] = (u64)POINTERS | OPEN;
  POINTERS[ENTRY(2)] = (u64)DIRECTORY | OPEN;
  run_paging_tests(&paging);
  PML4[ENTRY(3)] = 0;
  __asm__ volatile("mov %%cr3, %%rax\n\tmov %%rax, %%cr3" : : : "rax", "memory");
}
