// cpu, mem, time: what the machine says about itself.
#include "../common/cmos.h"
#include "../common/console.h"
#include "../common/cpuid.h"
#include "clock.h"
#include "commands.h"
#include "info.h"

struct feature_set {
  u32 leaf;
  u32 word; // 0-3: EAX, EBX, ECX, EDX
  const char *names; // of bits 0 to 31, separated by blanks; "-" is not shown
};

// SDM volume 2, CPUID; AMD APM volume 3, appendix E
static const struct feature_set feature_sets[] = {
    {1, 3,
     "fpu vme de pse tsc msr pae mce cx8 apic - sep mtrr pge mca cmov pat pse36 psn clfsh - ds acpi mmx fxsr sse sse2 ss "
     "htt tm - pbe"},
    {1, 2,
     "sse3 pclmulqdq dtes64 monitor ds-cpl vmx smx eist tm2 ssse3 cnxt-id sdbg fma cx16 xtpr pdcm - pcid dca sse4.1 "
     "sse4.2 x2apic movbe popcnt tsc-deadline aes xsave osxsave avx f16c rdrand hypervisor"},
    {7, 1,
     "fsgsbase tsc-adjust sgx bmi1 hle avx2 - smep bmi2 erms invpcid rtm - - mpx - avx512f avx512dq rdseed adx smap - - "
     "clflushopt clwb - - - - sha - -"},
    {7, 2, "- avx512vbmi umip pku ospke - - - gfni vaes vpclmulqdq - - - la57 - - - - - - rdpid"},
    {0x80000001, 3, "- - - - - - - - - - - syscall - - - - - - - - nx - mmxext - - fxsr-opt pdpe1gb rdtscp - lm 3dnowext 3dnow"},
    {0x80000001, 2, "lahf cmp-legacy svm - cr8-legacy abm sse4a misalignsse 3dnowprefetch"},
};

static void put_words(const u32 *words, u32 count) {
  for (u32 i = 0; i < count * 4; i++) {
    char c = (char)(words[i / 4] >> (i % 4 * 8));
    if (c) put_char(c);
  }
}

static u32 feature_bits(const struct feature_set *set) {
  if (cpuid(set->leaf & 0x80000000, 0).eax < set->leaf) return 0;
  struct cpuid r = cpuid(set->leaf, 0);
  u32 words[] = {r.eax, r.ebx, r.ecx, r.edx};
  return words[set->word];
}

static u32 put_features(const struct feature_set *set, u32 column) {
  u32 bits = feature_bits(set);
  const char *name = set->names;
  for (u32 bit = 0; bit < 32 && *name; bit++) {
    u32 length = 0;
    while (name[length] && name[length] != ' ') length++;
    if (bits >> bit & 1 && *name != '-') {
      if (column + length + 1 > 100) {
        put_text("\n          ");
        column = 10;
      }
      put_char(' ');
      for (u32 i = 0; i < length; i++) put_char(name[i]);
      column += length + 1;
    }
    name += length;
    while (*name == ' ') name++;
  }
  return column;
}

void put_cpu(void) {
  struct cpuid r = cpuid(0, 0);
  u32 vendor[] = {r.ebx, r.edx, r.ecx};
  put_text("vendor    ");
  put_words(vendor, 3);
  if (cpuid(0x80000000, 0).eax >= 0x80000004) {
    put_text("\nbrand     ");
    for (u32 leaf = 0x80000002; leaf <= 0x80000004; leaf++) {
      r = cpuid(leaf, 0);
      put_words((u32[]){r.eax, r.ebx, r.ecx, r.edx}, 4);
    }
  }
  u32 signature = cpuid(1, 0).eax;
  u32 family = signature >> 8 & 15, model = signature >> 4 & 15;
  if (family == 6 || family == 15) model |= signature >> 12 & 0xf0;
  if (family == 15) family += signature >> 20 & 0xff;
  put_text("\nfamily    ");
  put_decimal(family);
  put_text(", model ");
  put_decimal(model);
  put_text(", stepping ");
  put_decimal(signature & 15);
  put_text("\nfeatures ");
  u32 column = 9;
  for (u32 i = 0; i < COUNT_OF(feature_sets); i++) column = put_features(&feature_sets[i], column);
  put_char('\n');
}

static u32 cmos_pair(u8 low) { return cmos_read(low) | (u32)cmos_read(low + 1) << 8; }

u64 memory_below_4g(void) {
  u64 above_16m = (u64)cmos_pair(0x34) << 16; // 64 KiB units
  if (above_16m) return (16 << 20) + above_16m;
  u32 extended = cmos_pair(0x30); // KiB above 1 MiB
  if (!extended) extended = cmos_pair(0x17);
  return (1 << 20) + ((u64)extended << 10);
}

u64 memory_above_4g(void) { return ((u64)cmos_pair(0x5b) | (u64)cmos_read(0x5d) << 16) << 16; }

static void put_range(u64 start, u64 size, const char *what) {
  if (!size) return;
  put_text("  ");
  put_hex(start, 12);
  put_char('-');
  put_hex(start + size - 1, 12);
  put_decimal_right(size >> 10, 12);
  put_text(" KiB  ");
  put_text(what);
  put_char('\n');
}

void put_memory(void) {
  u64 base = (u64)cmos_pair(0x15) << 10;
  if (!base) base = 640 << 10;
  u64 low = memory_below_4g(), high = memory_above_4g();
  put_text("memory map (from CMOS)\n");
  put_range(0, base, "RAM");
  put_range(base, (1 << 20) - base, "video, adapters, firmware");
  put_range(1 << 20, low - (1 << 20), "RAM");
  put_range(0xfffe0000, 0x20000, "firmware ROM");
  put_range((u64)1 << 32, high, "RAM");
  put_text("  total RAM ");
  put_decimal((low + high) >> 20);
  put_text(" MiB\n");
}

static u32 from_bcd(u32 value, u32 binary) { return binary ? value : (value >> 4) * 10 + (value & 15); }

static void put_two(u32 value) {
  put_char((char)('0' + value / 10 % 10));
  put_char((char)('0' + value % 10));
}

// Reads until two readings agree: then no update fell between them.
static void read_rtc(u8 fields[7]) {
  static const u8 indices[7] = {RTC_CENTURY, RTC_YEAR, RTC_MONTH, RTC_DAY, RTC_HOURS, RTC_MINUTES, RTC_SECONDS};
  u32 same = 0;
  for (u32 attempt = 0; !same && attempt < 100; attempt++) {
    same = 1;
    for (u32 i = 0; i < 7; i++) {
      u8 value = cmos_read(indices[i]);
      if (value != fields[i] || !attempt) same = 0;
      fields[i] = value;
    }
  }
}

static void put_date(void) {
  u8 fields[7];
  read_rtc(fields);
  u32 binary = cmos_read(RTC_B) >> 2 & 1;
  u32 hours24 = cmos_read(RTC_B) >> 1 & 1;
  u32 afternoon = !hours24 && fields[4] & 0x80;
  u32 values[7];
  for (u32 i = 0; i < 7; i++) values[i] = from_bcd(i == 4 && !hours24 ? fields[i] & 0x7f : fields[i], binary);
  if (!hours24) values[4] = values[4] % 12 + (afternoon ? 12 : 0);
  put_two(values[0] ? values[0] : 20);
  static const char separators[] = {0, '-', '-', ' ', ':', ':'};
  for (u32 i = 1; i < 7; i++) {
    put_two(values[i]);
    if (i < 6) put_char(separators[i]);
  }
}

void command_cpu(char *argument) {
  (void)argument;
  put_cpu();
}

void command_mem(char *argument) {
  (void)argument;
  put_memory();
}

void command_time(char *argument) {
  (void)argument;
  u64 milliseconds = clock_microseconds() / 1000;
  put_date();
  put_text("  up ");
  put_decimal(milliseconds / 1000);
  put_char('.');
  put_char((char)('0' + milliseconds / 100 % 10));
  put_two((u32)(milliseconds % 100));
  put_text(" s (");
  put_text(clock_source());
  put_text(")\n");
}
