import { expect, it } from 'vitest';
import { HostClock } from './machine-clock.ts';

it('measures the speed of the CPU while it runs, not while it sleeps', () => {
  let ms = 0;
  let instructions = 0;
  const clock = new HostClock(
    () => ms,
    () => instructions,
  );
  const turn = (): number => {
    const slice = clock.slice();
    ms += 1;
    instructions += 100_000;
    return slice;
  };
  for (let i = 0; i < 20; i++) turn();
  const busy = turn();
  for (let i = 0; i < 20; i++) {
    turn();
    ms += 100;
    clock.wake();
  }
  expect(busy).toBeGreaterThan(90_000);
  expect(turn()).toBeGreaterThan(0.9 * busy);
});
