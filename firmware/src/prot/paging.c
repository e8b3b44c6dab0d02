// 32-bit paging and PAE paging, with the low 4 GiB mapped one to one for everyone and the window above 1 GiB.
#include "../system/paging.h"
#include "../common/cpuid.h"
#include "../common/layout.h"
#include "../common/report.h"
#include "kernel.h"

enum { WINDOW = 0x40000000, OPEN = PAGE_P | PAGE_RW | PAGE_US };
enum { CR4_PSE = 0x10, CR4_PAE = 0x20, CR4_PGE = 0x80, CR0_PG_WP = (int)0x80010000 };
enum { EFER = 0xc0000080, EFER_NXE = 1 << 11 };
enum { CPUID_PSE = 1 << 3, CPUID_PAE = 1 << 6, CPUID_PGE = 1 << 13, CPUID_NX = 1 << 20 };

static u32 read_cr4(void) {
  u32 value;
  __asm__ volatile("mov %%cr4, %0" : "=r"(value));
  return value;
}
static void write_cr4(u32 value) { __asm__ volatile("mov %0, %%cr4" : : "r"(value) : "memory"); }

static void paging_on(u32 cr3) {
  __asm__ volatile("mov %0, %%cr3\n\tmov %%cr0, %%eax\n\tor %1, %%eax\n\tmov %%eax, %%cr0\n\tjmp 1f\n1:"
                   : : "r"(cr3), "i"(CR0_PG_WP) : "eax", "memory");
}
static void paging_off(void) {
  __asm__ volatile("mov %%cr0, %%eax\n\tand %0, %%eax\n\tmov %%eax, %%cr0\n\tjmp 1f\n1:" : : "i"(~CR0_PG_WP) : "eax", "memory");
}

// 32-bit paging: a directory, a table for the low 4 MiB, a table for the window
#define DIRECTORY32 ((volatile u32 *)TEST_TABLES)
#define LOW_TABLE32 ((volatile u32 *)(TEST_TABLES + 0x1000))
#define WINDOW_TABLE32 ((volatile u32 *)(TEST_TABLES + 0x2000))
enum { WINDOW_ENTRY32 = WINDOW >> 22, LARGE_ENTRY32 = WINDOW_ENTRY32 + 1 };

static void set32(u32 page, u64 entry) { WINDOW_TABLE32[page] = (u32)entry; }
static u64 get32(u32 page) { return WINDOW_TABLE32[page]; }
static void set_directory32(u64 flags) { DIRECTORY32[WINDOW_ENTRY32] = (u32)WINDOW_TABLE32 | (u32)flags; }
static u64 get_directory32(void) { return DIRECTORY32[WINDOW_ENTRY32]; }
static void set_large32(u64 entry) { DIRECTORY32[LARGE_ENTRY32] = (u32)entry; }
static u64 get_large32(void) { return DIRECTORY32[LARGE_ENTRY32]; }

static void fill32(void) {
  for (u32 i = 0; i < 1024; i++) {
    DIRECTORY32[i] = 0;
    LOW_TABLE32[i] = i << 12 | OPEN;
    WINDOW_TABLE32[i] = 0;
  }
  DIRECTORY32[0] = (u32)LOW_TABLE32 | OPEN;
}

// PAE paging: four directory pointers, four directories of large pages, a table for the window
#define POINTERS_PAE ((volatile u64 *)(TEST_TABLES + 0x3000))
#define DIRECTORIES_PAE ((volatile u64 *)(TEST_TABLES + 0x4000))
#define WINDOW_TABLE_PAE ((volatile u64 *)(TEST_TABLES + 0x8000))
enum { WINDOW_ENTRY_PAE = WINDOW >> 21, LARGE_ENTRY_PAE = WINDOW_ENTRY_PAE + 1 };

static void set_pae(u32 page, u64 entry) { WINDOW_TABLE_PAE[page] = entry; }
static u64 get_pae(u32 page) { return WINDOW_TABLE_PAE[page]; }
static void set_directory_pae(u64 flags) { DIRECTORIES_PAE[WINDOW_ENTRY_PAE] = (u32)WINDOW_TABLE_PAE | flags; }
static u64 get_directory_pae(void) { return DIRECTORIES_PAE[WINDOW_ENTRY_PAE]; }
static void set_large_pae(u64 entry) { DIRECTORIES_PAE[LARGE_ENTRY_PAE] = entry; }
static u64 get_large_pae(void) { return DIRECTORIES_PAE[LARGE_ENTRY_PAE]; }

static void fill_pae(void) {
  for (u32 i = 0; i < 4; i++) POINTERS_PAE[i] = ((u32)DIRECTORIES_PAE + i * 4096) | PAGE_P;
  for (u32 i = 0; i < 2048; i++) DIRECTORIES_PAE[i] = i < WINDOW_ENTRY_PAE ? (u64)i << 21 | OPEN | PAGE_PS : 0;
  for (u32 i = 0; i < 512; i++) WINDOW_TABLE_PAE[i] = 0;
}

static void set_nxe(u32 on) {
  u32 low, high;
  __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(EFER));
  low = on ? low | EFER_NXE : low & ~EFER_NXE;
  __asm__ volatile("wrmsr" : : "c"(EFER), "a"(low), "d"(high));
}

void paging_tests(void) {
  u32 features = cpuid(1, 0).edx;
  u32 cr4 = read_cr4();
  u32 nx = cpuid(0x80000000, 0).eax >= 0x80000001 && cpuid(0x80000001, 0).edx & CPUID_NX;
  struct paging paging32 = {"paging", 0, 0x400000, WINDOW, WINDOW + 0x400000, 0, 1 << 21, set32, get32,
                            set_directory32, get_directory32, set_large32, get_large32};
  struct paging pae = {"pae", nx != 0, 0x200000, WINDOW, WINDOW + 0x200000, (u64)1 << 62, 1 << 13, set_pae, get_pae,
                       set_directory_pae, get_directory_pae, set_large_pae, get_large_pae};
  fill32();
  write_cr4(cr4 | (features & CPUID_PSE ? CR4_PSE : 0) | (features & CPUID_PGE ? CR4_PGE : 0));
  paging_on(TEST_TABLES);
  run_paging_tests(&paging32);
  paging_off();
  if (!(features & CPUID_PAE)) {
    report_skip("pae", "paging", "not in this CPU");
    write_cr4(cr4);
    return;
  }
  fill_pae();
  write_cr4(cr4 | CR4_PAE | (features & CPUID_PGE ? CR4_PGE : 0));
  if (nx) set_nxe(1);
  paging_on(TEST_TABLES + 0x3000);
  run_paging_tests(&pae);
  paging_off();
  if (nx) set_nxe(0);
  write_cr4(cr4);
}
