// bench: runs workloads in ring 3 and prints their speed.
#include "../bench/bench.h"
#include "../common/console.h"
#include "../common/layout.h"
#include "clock.h"
#include "commands.h"
#include "info.h"
#include "kernel.h"

// The page tables of the fault workload: one PDPT, directory and table below their own entry of the PML4
enum { PRESENT = 1, WRITE = 2, USER = 4, WINDOW_ENTRY = FAULT_WINDOW >> 39 & 511 };
#define WINDOW_PDPT ((u64 *)TEST_TABLES)
#define WINDOW_DIRECTORY ((u64 *)(TEST_TABLES + 0x1000))
#define WINDOW_TABLE ((u64 *)(TEST_TABLES + 0x2000))

static void flush(void) { __asm__ volatile("mov %%cr3, %%rax\n\tmov %%rax, %%cr3" : : : "rax", "memory"); }

static reg_t window_fault(reg_t address) {
  u64 page = (address - FAULT_WINDOW) >> 12;
  if (address < FAULT_WINDOW || page > FAULT_PAGES) return 0;
  if (page == FAULT_PAGES || WINDOW_TABLE[FAULT_PAGES]) {
    for (u32 i = 0; i <= FAULT_PAGES; i++) WINDOW_TABLE[i] = 0;
    flush();
  }
  WINDOW_TABLE[page] = (BENCH_MEMORY + page * 4096) | PRESENT | WRITE | USER;
  return 1;
}

static void window_open(void) {
  for (u32 i = 0; i < 512; i++) WINDOW_PDPT[i] = WINDOW_DIRECTORY[i] = WINDOW_TABLE[i] = 0;
  WINDOW_PDPT[FAULT_WINDOW >> 30 & 511] = (u64)WINDOW_DIRECTORY | PRESENT | WRITE | USER;
  WINDOW_DIRECTORY[FAULT_WINDOW >> 21 & 511] = (u64)WINDOW_TABLE | PRESENT | WRITE | USER;
  ((u64 *)LONG_PML4)[WINDOW_ENTRY] = (u64)WINDOW_PDPT | PRESENT | WRITE | USER;
  page_fault_hook = window_fault;
}

static void window_close(void) {
  page_fault_hook = 0;
  ((u64 *)LONG_PML4)[WINDOW_ENTRY] = 0;
  flush();
}

u64 handle_syscall(u64 number, u64 argument) {
  return number == SYSCALL_ADD ? argument + 1 : ~(u64)0;
}

static u64 parse_number(const char *text) {
  u64 value = 0;
  for (; *text >= '0' && *text <= '9' && value < 1000000; text++) value = value * 10 + (u64)(*text - '0');
  return *text ? 0 : value;
}

static void put_result(const struct workload *work, u64 iterations, u64 microseconds, u64 checksum) {
  put_padded(work->name, 10);
  put_decimal_right(iterations, 12);
  put_decimal_right(microseconds / 1000, 8);
  put_char('.');
  put_char((char)('0' + microseconds / 100 % 10));
  put_text(" ms");
  put_decimal_right(iterations * 1000000 / (microseconds ? microseconds : 1), 13);
  put_text("/s  ");
  put_hex(checksum, 16);
  put_text(checksum == work->expected ? " ok\n" : " WRONG, expected ");
  if (checksum == work->expected) return;
  put_hex(work->expected, 16);
  put_char('\n');
}

// 0: stopped by Ctrl-C or by an exception
static u32 run_workload(const struct workload *work, u64 times) {
  struct trap trap;
  u64 checksum = 0, start = clock_microseconds();
  for (u64 i = 0; i < times; i++) {
    checksum = guarded(work->run, 0, RING3, &trap);
    if (trap.vector != VECTOR_RETURNED) {
      put_padded(work->name, 10);
      put_text(trap.vector == VECTOR_INTERRUPTED ? "stopped\n" : "ended by exception ");
      if (trap.vector == VECTOR_INTERRUPTED) return 0;
      put_decimal(trap.vector);
      put_text(" at ");
      put_hex(trap.ip, 16);
      put_char('\n');
      return 0;
    }
    if (checksum != work->expected) break;
  }
  put_result(work, work->iterations * times, clock_microseconds() - start, checksum);
  return 1;
}

static void list_workloads(void) {
  put_text("usage: bench [NAME] [TIMES]\n");
  for (u32 i = 0; i < workload_count; i++) {
    put_text("  ");
    put_padded(workloads[i].name, 10);
    put_text(workloads[i].help);
    put_char('\n');
  }
}

void command_bench(char *argument) {
  char *name = next_word(&argument);
  char *times_text = next_word(&argument);
  u64 times = 1;
  if (*name >= '0' && *name <= '9') times = parse_number(name), name = "";
  else if (*times_text) times = parse_number(times_text);
  if (memory_below_4g() < BENCH_MEMORY + BENCH_BYTES) {
    put_text("bench needs 16 MiB of memory\n");
    return;
  }
  bench_memory = (u8 *)BENCH_MEMORY;
  u32 found = 0;
  window_open();
  for (u32 i = 0; times && i < workload_count; i++)
    if (!*name || text_equal(name, workloads[i].name)) {
      found = 1;
      if (!run_workload(&workloads[i], times)) break;
    }
  window_close();
  if (!found) list_workloads();
}
