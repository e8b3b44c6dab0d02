import type { UseAdvice } from '../../memory/arena.ts';
import { GuestRam } from '../../memory/ram.ts';
import type { Board } from '../accelerator.ts';
import { type TcgOptions, TcgVcpu } from './vcpu.ts';

/** The software accelerator: one virtual CPU on a board. */
export const createTcg = (board: Board, options: TcgOptions): TcgVcpu => new TcgVcpu(board, options);

/**
 * What a virtual CPU takes from the spare part of RAM: 50 MiB of records, 64 MiB of TLB, less than 1 MiB of small tables;
 * 5 MiB are for what regions need. What is not used of it takes no memory.
 */
const SPARE = 120 * 2 ** 20;

/** RAM, and what a virtual CPU keeps, where emitted code of every kind reaches it. @throws RangeError */
export const allocateRam = (size: number, romSize = 0, advice?: UseAdvice): GuestRam =>
  GuestRam.allocate(size, romSize, SPARE, advice);
