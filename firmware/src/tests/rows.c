#include "rows.h"
#include "suite.h"

u32 suite_parts[MAX_PARTS];
u32 suite_part_count;

reg_t system_flags(void) {
  reg_t flags;
  __asm__ volatile("pushf\n\tpop %0" : "=r"(flags));
  return flags & ~(reg_t)(ALL_FLAGS | DF);
}

void parts_begin(void) { suite_part_count = 0; }

void part_done(u32 hash) {
  if (suite_part_count < MAX_PARTS) suite_parts[suite_part_count++] = hash;
}

u32 parts_end(void) {
  u32 hash = HASH_START;
  for (u32 i = 0; i < suite_part_count; i++) hash = hash_word(hash, suite_parts[i]);
  return hash;
}
