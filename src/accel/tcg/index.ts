import type { Board } from '../accelerator.ts';
import { type TcgOptions, TcgVcpu } from './vcpu.ts';

/** The software accelerator: one virtual CPU on a board. */
export const createTcg = (board: Board, options: TcgOptions): TcgVcpu => new TcgVcpu(board, options);
