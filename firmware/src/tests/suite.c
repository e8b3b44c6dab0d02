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
#define TEST(text, name, below, in_long) {text, test_##name, EXPECT(below, in_long)},

const struct suite_test suite[] = {SUITE(TEST)};
const u32 suite_count = COUNT_OF(suite);
