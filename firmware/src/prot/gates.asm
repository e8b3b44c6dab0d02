; Call gates, SYSENTER, task switches: code that runs on both sides.
bits 32
global gate_sum, call_gate, sysenter_entry, call_sysenter
global task_called, task_jumped, call_task, jump_task, interrupt_task, task_log

TSS_MAIN equ 0x28
TSS_CALLED equ 0x30
TSS_JUMPED equ 0x38
GATE_SUM equ 0x43 ; with RPL 3
TASK_VECTOR equ 0x60

section .text
; Behind the gate, in ring 0: two parameters copied from the caller's stack. Answers their sum and CS in the high byte.
gate_sum:
  mov eax, [esp + 8]
  add eax, [esp + 12]
  mov ecx, cs
  shl ecx, 24
  or eax, ecx
  retf 8

; u32 call_gate(void), in ring 3: FFFFFFFFh when the stack pointer is not what it was
call_gate:
  push ebx
  mov ebx, esp
  push 0x1100
  push 0x0022
  call GATE_SUM:0
  cmp ebx, esp
  je .same
  mov eax, -1
.same:
  mov esp, ebx
  pop ebx
  ret

; SYSENTER keeps nothing: the caller says in ECX and EDX where SYSEXIT goes.
sysenter_entry:
  mov eax, cs
  shl eax, 16
  mov ax, ss
  sysexit

; u32 call_sysenter(void), in ring 3: CS and SS inside, 0 when they are wrong after
call_sysenter:
  mov ecx, esp
  mov edx, .back
  sysenter
.back:
  mov ecx, cs
  mov edx, ss
  cmp cx, 0x1b
  jne .wrong
  cmp dx, 0x23
  je .right
.wrong:
  xor eax, eax
.right:
  ret

; A task that is called, by CALL or through a task gate: notes what it sees and returns with IRET; called again, it goes
; on after that.
task_called:
  mov ebx, 1
.again:
  pushfd
  pop eax
  str cx
  mov edx, esp
  mov [task_log], eax
  mov [task_log + 4], ecx
  mov [task_log + 8], ebx
  mov [task_log + 12], edx
  inc ebx
  iretd
  jmp .again

; A task that is jumped to and jumps back
task_jumped:
  pushfd
  pop dword [task_log]
  str [task_log + 4]
  mov dword [task_log + 8], 0x99
  jmp TSS_MAIN:0

; Each answers EBX as it was before, to show that registers came back.
call_task:
  push ebx
  mov ebx, 0x5a5a
  call TSS_CALLED:0
  mov eax, ebx
  pop ebx
  ret
jump_task:
  push ebx
  mov ebx, 0xa5a5
  jmp TSS_JUMPED:0
  mov eax, ebx
  pop ebx
  ret
interrupt_task:
  push ebx
  mov ebx, 0x3c3c
  int TASK_VECTOR
  mov eax, ebx
  pop ebx
  ret

section .bss
alignb 4
task_log: resd 4
