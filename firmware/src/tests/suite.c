#include "suite.h"
#include "expected.h"
#include "integer.h"
#include "sse.h"
#include "x87.h"

#ifdef __x86_64__
#define EXPECT(below, in_long) in_long
#else
#define EXPECT(below, in_long) below
#endif
#define TEST(text, name, below, in_long) {text, test_##name, EXPECT(below, in_long), 0},

#define STRICT(text, name, below, in_long) {text, test_##name, EXPECT(below, in_long), 1},

const struct suite_test suite[] = {INTEGER_SUITE(TEST) FLOAT_SUITE(TEST, STRICT)};
const u32 suite_count = COUNT_OF(suite);

#define ONE(...) +1
const u32 suite_integer_count = INTEGER_SUITE(ONE);
