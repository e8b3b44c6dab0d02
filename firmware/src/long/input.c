#include "input.h"
#include "../common/console.h"
#include "../common/io.h"
#include "kernel.h"

enum { COM1 = 0x3f8, RBR = 0, IER = 1, LSR = 5, IER_NONE = 0, IER_RECEIVED = 1, LSR_DATA_READY = 1 };
enum { CTRL_C = 3, BACKSPACE = 8, CTRL_U = 21, ESCAPE = 27, DELETE = 127 };

u32 interrupt_program(struct frame *frame);

// What was typed ahead; indices are u8: they wrap by themselves
static volatile u8 queue[256] SURVIVES_TEST = "";
static volatile u8 queue_head SURVIVES_TEST = 0, queue_tail SURVIVES_TEST = 0;

static u32 full(void) { return (u8)(queue_head + 1) == queue_tail; }

// What finds no place in the queue stays in the UART, without interrupts until there is place.
static void received(struct frame *frame) {
  while (!full() && in8(COM1 + LSR) & LSR_DATA_READY) {
    u8 byte = in8(COM1 + RBR);
    if (byte == CTRL_C && interrupt_program(frame)) continue;
    queue[queue_head++] = byte;
  }
  if (full()) out8(COM1 + IER, IER_NONE);
}

void input_init(void) {
  set_irq(4, received);
  out8(COM1 + IER, IER_RECEIVED);
}

static u8 read_byte(void) {
  interrupts_off();
  while (queue_head == queue_tail) {
    wait_for_interrupt();
    interrupts_off();
  }
  if (full()) out8(COM1 + IER, IER_RECEIVED);
  u8 byte = queue[queue_tail++];
  interrupts_on();
  return byte;
}

// Arrow keys and the like: ESC [ parameters letter, or ESC O letter. Nothing is made of them.
static void skip_escape_sequence(void) {
  u8 byte = read_byte();
  if (byte == 'O') read_byte();
  if (byte != '[') return;
  do byte = read_byte();
  while (byte < 0x40);
}

static u32 erase(u32 length, u32 count) {
  while (count-- && length) {
    put_text("\b \b");
    length--;
  }
  return length;
}

u32 read_line(char *line, u32 size) {
  static u8 last SURVIVES_TEST = 0;
  u32 length = 0;
  for (;;) {
    u8 byte = read_byte();
    u8 previous = last;
    last = byte;
    if (byte == '\n' && previous == '\r') continue; // CR LF is one line end
    if (byte == '\r' || byte == '\n') break;
    if (byte == CTRL_C) {
      put_text("^C\n");
      return 0;
    }
    if (byte == BACKSPACE || byte == DELETE) length = erase(length, 1);
    else if (byte == CTRL_U) length = erase(length, length);
    else if (byte == ESCAPE) skip_escape_sequence();
    else if (byte >= ' ' && byte < DELETE && length + 1 < size) put_char((char)(line[length++] = (char)byte));
  }
  put_char('\n');
  line[length] = 0;
  return 1;
}
