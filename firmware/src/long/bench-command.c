// bench: runs workloads in ring 3 and prints their speed.
#include "../bench/bench.h"
#include "../common/console.h"
#include "../common/io.h"
#include "../common/layout.h"
#include "clock.h"
#include "commands.h"
#include "info.h"
#include "kernel.h"
#include "windows.h"

// Bochs's and QEMU's debug console. Around each measurement stand these two bytes: a host that sees them can take the
// time by its own clock.
enum { DEBUG_CONSOLE = 0xe9, MARK_START = 's', MARK_END = 'e' };

// A workload of either width
struct job {
  const char *name, *help;
  u64 run, iterations, expected, needs, bits;
};

// The 32-bit program's table, as its compiler laid it out, and where that program says it is
struct workload32 {
  u32 name, help, run, iterations, expected, needs;
};
#define PROT_WORKLOADS (*(const u32 *)0x10018)
#define PROT_REPEAT (*(const u32 *)0x10020)

static struct job job_of(u32 index, u32 bits) {
  if (bits == 64) {
    const struct workload *w = &workloads[index];
    return (struct job){w->name, w->help, (u64)w->run, w->iterations, w->expected, w->needs, bits};
  }
  const struct workload32 *w = (const struct workload32 *)(u64)PROT_WORKLOADS + index;
  const char *name = (const char *)(u64)w->name, *help = (const char *)(u64)w->help;
  return (struct job){name, help, w->run, w->iterations, w->expected, w->needs, bits};
}

u64 handle_syscall(u64 number, u64 argument) {
  return number == SYSCALL_ADD ? argument + 1 : ~(u64)0;
}

static u64 parse_number(const char *text) {
  u64 value = 0;
  for (; *text >= '0' && *text <= '9' && value < 1000000; text++) value = value * 10 + (u64)(*text - '0');
  return *text ? 0 : value;
}

static void put_name(const struct job *job) {
  put_padded(job->name, 9);
  put_decimal(job->bits);
  put_text("  ");
}

static void put_result(const struct job *job, u64 iterations, u64 microseconds, u64 checksum) {
  put_decimal_right(iterations, 12);
  put_decimal_right(microseconds / 1000, 8);
  put_char('.');
  put_char((char)('0' + microseconds / 100 % 10));
  put_text(" ms");
  put_decimal_right(iterations * 1000000 / (microseconds ? microseconds : 1), 13);
  put_text("/s  ");
  put_hex(checksum, 16);
  put_text(checksum == job->expected ? " ok\n" : " WRONG, expected ");
  if (checksum == job->expected) return;
  put_hex(job->expected, 16);
  put_char('\n');
}

// The checksum of the last run; *trap tells how it ended
static u64 repeat(const struct job *job, u64 times, struct trap *trap) {
  static struct repeat work;
  static struct {
    u32 run, memory, times, expected;
  } work32;
  u64 checksum;
  out8(DEBUG_CONSOLE, MARK_START);
  if (job->bits == 64) {
    work = (struct repeat){(void *)job->run, (u8 *)BENCH_MEMORY, times, job->expected};
    checksum = guarded(bench_repeat, (u64)&work, RING3, trap);
  } else {
    work32.run = (u32)job->run, work32.memory = BENCH_MEMORY, work32.times = (u32)times, work32.expected = (u32)job->expected;
    checksum = (u32)guarded((void *)(u64)PROT_REPEAT, (u64)&work32, RING3_32, trap);
  }
  out8(DEBUG_CONSOLE, MARK_END);
  return checksum;
}

// 0: stopped by Ctrl-C or by an exception
static u32 run_job(const struct job *job, u64 times) {
  struct trap trap;
  put_name(job);
  if (job->needs & NEEDS_TIMER && !clock_one_shots(TIMER_COUNT)) {
    put_text("needs the ACPI timer\n");
    return 1;
  }
  if (job->needs & NEEDS_PORTS) open_ports(SCRATCH_PORT, SCRATCH_PORT);
  windows_open(job->bits);
  u64 start = clock_microseconds();
  u64 checksum = repeat(job, times, &trap);
  u64 microseconds = clock_microseconds() - start;
  windows_close(job->bits);
  close_ports();
  if (job->needs & NEEDS_TIMER) clock_one_shots(0);
  if (trap.vector == VECTOR_RETURNED) {
    put_result(job, job->iterations * times, microseconds, checksum);
    return 1;
  }
  put_text(trap.vector == VECTOR_INTERRUPTED ? "stopped" : "ended by exception ");
  if (trap.vector != VECTOR_INTERRUPTED) {
    put_decimal(trap.vector);
    put_text(" at ");
    put_hex(trap.ip, 16);
  }
  put_char('\n');
  return 0;
}

static void list_workloads(void) {
  put_text("usage: bench [NAME[/32 or /64]] [TIMES]\n");
  for (u32 i = 0; i < workload_count; i++) {
    put_text("  ");
    put_padded(workloads[i].name, 10);
    put_text(workloads[i].help);
    put_char('\n');
  }
}

// Cuts "/32" or "/64" off; 0: both widths
static u64 cut_width(char *name) {
  while (*name && *name != '/') name++;
  if (!*name) return 0;
  *name = 0;
  return parse_number(name + 1);
}

void command_bench(char *argument) {
  char *name = next_word(&argument);
  char *times_text = next_word(&argument);
  u64 times = 1;
  if (*name >= '0' && *name <= '9') times = parse_number(name), name = "";
  else if (*times_text) times = parse_number(times_text);
  u64 width = *name ? cut_width(name) : 0;
  if (memory_below_4g() < BENCH_MEMORY + BENCH_BYTES) {
    put_text("bench needs 16 MiB of memory\n");
    return;
  }
  u32 found = 0;
  for (u32 bits = 64; times && bits >= 32; bits -= 32)
    for (u32 i = 0; i < workload_count; i++) {
      struct job job = job_of(i, bits);
      if ((width && width != bits) || (*name && !text_equal(name, job.name))) continue;
      found = 1;
      if (!run_job(&job, times)) return;
    }
  if (!found) list_workloads();
}
