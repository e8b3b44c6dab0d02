#include "../common/suite-run.h"
#include "../common/console.h"
void long_main(void) { run_suite("long"); put_text("emu> "); for(;;) __asm__ volatile("hlt"); }
