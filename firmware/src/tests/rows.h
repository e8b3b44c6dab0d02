// Tables of instructions under test (ops/*.asm) and the calls that run one row.
#pragma once
#include "../common/hash.h"
#include "../common/types.h"

struct row {
  void (*function)(void);
  u32 flags; // EFLAGS bits defined after it
  u32 kind;
};

struct regs {
  reg_t a, c, d, b, si, di, flags;
};

struct x87_value {
  u64 significand;
  u16 sign_exponent;
  u16 padding[3];
};

struct x87_case {
  struct x87_value a, b, result;
  u32 memory[4];
  u16 control, status;
  u32 eflags;
  u32 environment[7];
};

struct sse_case {
  u32 a[4], b[4], result[4];
  u32 mxcsr_in, mxcsr_out;
  u32 integer[2];
  u32 eflags;
};

void call_op(struct regs *regs, void (*function)(void));
void call_x87(struct x87_case *fields, void (*function)(void));
void call_sse(struct sse_case *fields, void (*function)(void));

#define ROWS(name) extern const struct row ops_##name[], ops_##name##_end[]
#define EACH_ROW(row, name) (const struct row *row = ops_##name; row < ops_##name##_end; row++)

enum { CF = 0x001, PF = 0x004, AF = 0x010, ZF = 0x040, SF = 0x080, DF = 0x400, OF = 0x800, ALL_FLAGS = 0x8d5 };

reg_t system_flags(void); // the running EFLAGS without the bits above: IF, IOPL and so on stay as they are

// A test's checksum is the hash of its rows' checksums.
void parts_begin(void);
void part_done(u32 hash);
u32 parts_end(void);
