import { expect, it } from 'vitest';
import { untilStop } from './until-stop.ts';

function told(stops: readonly string[], pieces: readonly string[]) {
  const tell = untilStop(stops);
  const texts: string[] = [];
  for (const [place, piece] of pieces.entries()) {
    const { text, stopped } = tell(piece, place === pieces.length - 1);
    texts.push(text);
    if (stopped) return { texts, stopped };
  }
  return { texts, stopped: false };
}

it('ends a text before the first stop, wherever its pieces break', () => {
  expect(told(['.'], ['One', ' two. Th', 'ree'])).toEqual({ texts: ['One', ' two'], stopped: true });
  expect(told(['END', 'two'], ['One two EN', 'D'])).toEqual({ texts: ['One '], stopped: true });
  expect(told(['END'], ['a E', 'N', 'D b'])).toEqual({ texts: ['a ', '', ''], stopped: true });
  // What began like the stop goes on as something else, in which it begins once more.
  expect(told(['aab'], ['aa', 'a', 'b', 'c'])).toEqual({ texts: ['', 'a', ''], stopped: true });
});

it('tells all of a text without one, what looked like its beginning included', () => {
  expect(told(['END'], ['a E', 'N', ' b EN'])).toEqual({ texts: ['a ', '', 'EN b EN'], stopped: false });
  expect(told([], ['a', 'b'])).toEqual({ texts: ['a', 'b'], stopped: false });
});
