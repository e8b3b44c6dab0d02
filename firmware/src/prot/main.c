#include "../common/suite-run.h"
void prot_main(void) { run_suite("prot"); }
