// What one address translation may do, and what the CPU says when it may not (SDM volume 3, 4.6 to 4.10).
#include "paging.h"
#include "../common/guard.h"
#include "../common/layout.h"
#include "../common/report.h"
#include "../common/shared.h"

enum { PAGE = 4096, PAGE_FAULT = 14, FILL = 0x11, RET = 0xc3 };
enum { READ, WRITE, FETCH, ACCESSES };
enum { ERROR_P = 1, ERROR_W = 2, ERROR_U = 4, ERROR_RSVD = 8, ERROR_I = 16 };
enum { OPEN = PAGE_P | PAGE_RW | PAGE_US };

static const struct paging *p;

static void invlpg(reg_t address) { __asm__ volatile("invlpg (%0)" : : "r"(address) : "memory"); }
static void reload_cr3(void) {
  reg_t value;
  __asm__ volatile("mov %%cr3, %0\n\tmov %0, %%cr3" : "=r"(value) : : "memory");
}
static reg_t read_cr0(void) {
  reg_t value;
  __asm__ volatile("mov %%cr0, %0" : "=r"(value));
  return value;
}
static void set_write_protect(u32 on) {
  reg_t value = (read_cr0() & ~(reg_t)0x10000) | (on ? 0x10000 : 0);
  __asm__ volatile("mov %0, %%cr0" : : "r"(value) : "memory");
}
static void toggle_cr4(reg_t bit) {
  reg_t value;
  __asm__ volatile("mov %%cr4, %0" : "=r"(value));
  __asm__ volatile("mov %0, %%cr4\n\tmov %1, %%cr4" : : "r"(value ^ bit), "r"(value) : "memory");
}

static volatile u8 *physical(u32 page) { return (volatile u8 *)(reg_t)(TEST_PAGES + page * PAGE); }
static reg_t linear(u32 page) { return p->window + page * PAGE; }

static void map(u32 page, u32 physical_page, u64 flags) {
  p->set(page, (TEST_PAGES + physical_page * PAGE) | flags);
  invlpg(linear(page));
}

static reg_t access_read(reg_t address) { return *(volatile u8 *)address; }
static reg_t access_write(reg_t address) { return *(volatile u8 *)address = RET; }
static reg_t access_fetch(reg_t address) {
  ((void (*)(void))address)();
  return 0;
}
static void *const accesses[ACCESSES] = {access_read, access_write, access_fetch};

// The manual's rules: 0 when the access is allowed, otherwise 100h | the error code.
static u32 verdict(u64 leaf, u64 directory, u32 access, u32 where, u32 write_protect) {
  u32 error = (access == WRITE ? ERROR_W : 0) | (where == RING3 ? ERROR_U : 0) |
              (access == FETCH && p->has_nx ? ERROR_I : 0);
  u64 both = leaf & directory;
  if (!(both & PAGE_P)) return 0x100 | error;
  u32 denied = (where == RING3 && !(both & PAGE_US)) ||
               (access == WRITE && !(both & PAGE_RW) && (where == RING3 || write_protect)) ||
               (access == FETCH && (leaf | directory) & PAGE_NX);
  return denied ? 0x100 | error | ERROR_P : 0;
}

static void try_access(u64 leaf, u64 directory, u32 access, u32 where, u32 write_protect) {
  static const char *const names[2][ACCESSES] = {{"read, ring 0", "write, ring 0", "fetch, ring 0"},
                                                 {"read, ring 3", "write, ring 3", "fetch, ring 3"}};
  struct trap trap;
  guarded(accesses[access], linear(0), where, &trap);
  u32 got = trap.vector == VECTOR_RETURNED ? 0 : trap.vector == PAGE_FAULT ? 0x100 | trap.error : trap.vector << 16;
  const char *name = names[where == RING3][access];
  check(name, verdict(leaf, directory, access, where, write_protect), got);
  if (got) check("CR2", linear(0), trap.cr2);
  if (access == FETCH && got) check("saved instruction pointer", linear(0), trap.ip);
}

// All accesses under one pair of entries, with CR0.WP set and clear
static void try_entries(u64 leaf, u64 directory) {
  p->set_directory(directory);
  map(0, 0, leaf);
  reload_cr3();
  for (u32 i = 0; i < ACCESSES * 4; i++) {
    set_write_protect(i & 1);
    try_access(leaf, directory, i / 4, i & 2 ? RING3 : RING0, i & 1);
  }
  set_write_protect(1);
  p->set_directory(OPEN);
}

static void permission_tests(void) {
  checks_begin(p->mode, "present, write, user, no-execute");
  physical(0)[0] = RET;
  for (u32 i = 0; i < (p->has_nx ? 16 : 8); i++) try_entries((i & 7) | (i & 8 ? PAGE_NX : 0), OPEN);
  checks_end();
  checks_begin(p->mode, "the directory's permissions");
  static const u64 directories[] = {0, PAGE_P | PAGE_RW, PAGE_P | PAGE_US, PAGE_P};
  for (u32 i = 0; i < COUNT_OF(directories); i++) try_entries(OPEN, directories[i]);
  if (p->has_nx) try_entries(OPEN, OPEN | PAGE_NX);
  checks_end();
}

static void accessed_dirty_tests(void) {
  checks_begin(p->mode, "accessed and dirty bits");
  p->set_directory(OPEN);
  map(1, 1, OPEN);
  check("neither at first", 0, p->get(1) & (PAGE_A | PAGE_D));
  access_read(linear(1));
  check("read: accessed", PAGE_A, p->get(1) & (PAGE_A | PAGE_D));
  check("directory accessed", PAGE_A, p->get_directory() & PAGE_A);
  access_write(linear(1));
  check("write: dirty too", PAGE_A | PAGE_D, p->get(1) & (PAGE_A | PAGE_D));
  map(1, 1, PAGE_P | PAGE_US);
  struct trap trap;
  guarded(access_write, linear(1), RING3, &trap);
  check("refused write: not dirty", 0, p->get(1) & PAGE_D);
  map(2, 2, OPEN);
  access_write(linear(2));
  check("first access a write", PAGE_A | PAGE_D, p->get(2) & (PAGE_A | PAGE_D));
  checks_end();
}

static void reserved_test(u64 entry, void (*set)(u64), reg_t address, const char *name) {
  struct trap trap;
  set(entry);
  invlpg(address);
  guarded(access_read, address, RING3, &trap);
  check(name, PAGE_FAULT, trap.vector);
  check(name, ERROR_P | ERROR_U | ERROR_RSVD, trap.error);
  check("CR2", address, trap.cr2);
}

static void set_first(u64 entry) { p->set(0, entry); }

static void reserved_tests(void) {
  if (!p->reserved && !p->large_reserved) return;
  if (shared->under_qemu) {
    report_skip(p->mode, "reserved bits", "QEMU's TCG leaves P out of the error code");
    return;
  }
  checks_begin(p->mode, "reserved bits");
  if (p->reserved) reserved_test(TEST_PAGES | OPEN | p->reserved, set_first, linear(0), "in a page's entry");
  if (p->large_reserved)
    reserved_test(OPEN | PAGE_PS | p->large_reserved, p->set_large, p->large_window, "in a large page's entry");
  checks_end();
}

static void change_tests(void) {
  checks_begin(p->mode, "aliases, invlpg, CR3, global pages");
  physical(3)[5] = 0x33;
  physical(4)[5] = 0x44;
  map(3, 3, OPEN);
  map(4, 3, OPEN);
  check("two pages, one frame", 0x33, access_read(linear(4) + 5));
  *(volatile u8 *)(linear(3) + 5) = 0x35;
  check("written through the other", 0x35, access_read(linear(4) + 5));
  map(3, 4, OPEN);
  check("after invlpg", 0x44, access_read(linear(3) + 5));
  p->set(3, (TEST_PAGES + 3 * PAGE) | OPEN);
  reload_cr3();
  check("after a CR3 load", 0x35, access_read(linear(3) + 5));
  map(3, 3, OPEN | PAGE_G);
  access_read(linear(3));
  map(3, 4, OPEN | PAGE_G);
  check("global, after invlpg", 0x44, access_read(linear(3) + 5));
  p->set(3, (TEST_PAGES + 3 * PAGE) | OPEN | PAGE_G);
  toggle_cr4(0x80); // PGE: flushes global pages too
  check("global, after CR4.PGE changed", 0x35, access_read(linear(3) + 5));
  checks_end();
}

static reg_t hook_mapped;
static reg_t map_on_fault(reg_t address) {
  u32 page = (u32)(address - p->window) / PAGE;
  if (address < p->window || page >= WINDOW_PAGES) return 0;
  hook_mapped++;
  map(page, page, OPEN);
  return 1;
}

static reg_t write_word(reg_t address) {
  *(volatile u32 *)address = 0x44332211;
  return 0;
}

static reg_t copy_strings(reg_t destination) { // 8 KiB, from page 8 on
  reg_t source = linear(8), count = 2 * PAGE;
  __asm__ volatile("rep movsb" : "+S"(source), "+D"(destination), "+c"(count) : : "memory");
  return count;
}

static void crossing_tests(void) {
  struct trap trap;
  checks_begin(p->mode, "accesses over a page's end, string resumed");
  map(5, 5, OPEN);
  map(6, 6, 0);
  for (u32 i = 0; i < 4; i++) physical(5)[PAGE - 1 - i] = FILL;
  guarded(write_word, linear(6) - 2, RING3, &trap);
  check("vector", PAGE_FAULT, trap.vector);
  check("error code", ERROR_W | ERROR_U, trap.error);
  check("CR2 is the second page", linear(6), trap.cr2);
  check("first page unchanged", FILL | FILL << 8, physical(5)[PAGE - 2] | physical(5)[PAGE - 1] << 8);
  map(6, 7, OPEN); // not the neighbouring frame
  guarded(write_word, linear(6) - 2, RING3, &trap);
  check("both parts", 0x44332211, (u32)(physical(5)[PAGE - 2] | physical(5)[PAGE - 1] << 8 | physical(7)[0] << 16 |
                                        (u32)physical(7)[1] << 24));
  for (u32 page = 8; page < 10; page++) {
    map(page, page, OPEN);
    for (u32 i = 0; i < PAGE; i += 64) physical(page)[i] = (u8)(page + i / 64);
  }
  map(10, 10, OPEN);
  map(11, 11, 0);
  map(12, 12, 0);
  guarded(copy_strings, linear(10) + 100, RING3, &trap);
  check("rep movsb stops at the page", linear(11), trap.di);
  check("rep movsb: count left", 2 * PAGE - (PAGE - 100), trap.c);
  hook_mapped = 0;
  page_fault_hook = map_on_fault;
  check("rep movsb resumed: count", 0, guarded(copy_strings, linear(10) + 100, RING3, &trap));
  page_fault_hook = 0;
  check("pages given on the way", 2, hook_mapped);
  check("last bytes", physical(9)[PAGE - 64], physical(12)[100 - 64]);
  checks_end();
}

static void large_tests(void) {
  if (!p->large_size) return;
  checks_begin(p->mode, "large pages");
  p->set_large(OPEN | PAGE_PS);
  invlpg(p->large_window);
  physical(0)[9] = 0x77;
  check("offset in the page", 0x77, access_read(p->large_window + TEST_PAGES + 9));
  check("accessed", PAGE_A, p->get_large() & (PAGE_A | PAGE_D));
  *(volatile u8 *)(p->large_window + TEST_PAGES + 9) = 0x78;
  check("written", 0x78, physical(0)[9]);
  check("dirty", PAGE_A | PAGE_D, p->get_large() & (PAGE_A | PAGE_D));
  p->set_large(p->large_size | PAGE_P | PAGE_RW | PAGE_PS); // the next one, for ring 0 only
  invlpg(p->large_window);
  struct trap trap;
  reg_t last = p->large_window + p->large_size - 1;
  guarded(access_read, last, RING3, &trap);
  check("supervisor page: error code", ERROR_P | ERROR_U, trap.error);
  check("CR2", last, trap.cr2);
  *(volatile u8 *)last = 0x79;
  p->set(13, (p->large_size * 2 - PAGE) | OPEN);
  invlpg(linear(13));
  check("last byte", 0x79, access_read(linear(13) + PAGE - 1));
  checks_end();
}

void run_paging_tests(const struct paging *paging) {
  p = paging;
  permission_tests();
  accessed_dirty_tests();
  change_tests();
  crossing_tests();
  large_tests();
  reserved_tests();
}
