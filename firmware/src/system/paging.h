// Paging tests that are the same for every page-table format.
#pragma once
#include "../common/types.h"

enum { PAGE_P = 1, PAGE_RW = 2, PAGE_US = 4, PAGE_A = 0x20, PAGE_D = 0x40, PAGE_PS = 0x80, PAGE_G = 0x100 };
#define PAGE_NX ((u64)1 << 63)
enum { WINDOW_PAGES = 16 };

// One page-table format. The window is WINDOW_PAGES pages of 4 KiB, mapped by one table; large_window one large page.
struct paging {
  const char *mode;
  u32 has_nx;           // NX in the format, and EFER.NXE set: error codes tell instruction fetches
  u32 large_size;       // 0: no large pages
  reg_t window, large_window;
  u64 reserved, large_reserved; // an entry bit that must be 0, or 0 when the format has none for certain
  void (*set)(u32 page, u64 entry);
  u64 (*get)(u32 page);
  void (*set_directory)(u64 flags); // the directory entry over the window
  u64 (*get_directory)(void);
  void (*set_large)(u64 entry);
  u64 (*get_large)(void);
};

void run_paging_tests(const struct paging *paging);
