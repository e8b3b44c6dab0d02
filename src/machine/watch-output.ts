import type { CharBackend } from '../bus/backends.ts';

/** The same back end; `seen` is called once, when the bytes written hold `text`. */
export function watchOutput(backend: CharBackend, text: string, seen: () => void): CharBackend {
  const wanted = String.fromCharCode(...new TextEncoder().encode(text));
  let tail = '';
  let done = false;
  return {
    write: (byte) => {
      if (!done) {
        tail = (tail + String.fromCharCode(byte)).slice(-wanted.length);
        if (tail === wanted) {
          done = true;
          seen();
        }
      }
      return backend.write(byte);
    },
    onInput: (receive) => backend.onInput(receive),
    onDrain: (resume) => backend.onDrain(resume),
    ...(backend.pauseInput === undefined ? {} : { pauseInput: (paused: boolean) => backend.pauseInput?.(paused) }),
  };
}
