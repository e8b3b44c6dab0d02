/* A linked list in shuffled order: loads whose address is the load before. */
#include "kernel.h"

#define NODES 16384

struct node {
  struct node *next;
  uint32_t value;
  uint32_t weight;
};

static struct node nodes[NODES];

static void setup(void) {
  static uint32_t order[NODES];
  uint32_t seed = 4;
  for (uint32_t i = 0; i < NODES; i++) order[i] = i;
  for (uint32_t i = NODES - 1; i > 0; i--) {
    uint32_t j = next_random(&seed) % (i + 1), kept = order[i];
    order[i] = order[j];
    order[j] = kept;
  }
  for (uint32_t i = 0; i < NODES; i++) {
    struct node *node = &nodes[order[i]];
    node->next = i + 1 < NODES ? &nodes[order[i + 1]] : NULL;
    node->value = next_random(&seed);
    node->weight = i;
  }
  nodes[NODES - 1].weight = order[0];
}

static uint64_t run(uint32_t n) {
  struct node *first = &nodes[nodes[NODES - 1].weight];
  uint32_t sum = 0;
  for (uint32_t round = 0; round < n; round++) {
    for (struct node *node = first; node != NULL; node = node->next) {
      sum += node->value;
      if (node->value & 1) node->value ^= sum & 0x00ffff00;
    }
  }
  return sum;
}

KERNEL(list, setup, run);
