import { type FeedColumn, type FeedData, sameRows } from './feeds.ts';
import type { PictureThreads } from './picture-threads.ts';
import { sharedFloats } from './shared-memory.ts';

/** Samples that a thread is given at a time: a batch is shared, and the first of it are ready early. */
const PIECE = 16;

/** Samples that were announced, and the memory that they are prepared into. */
interface Piece {
  readonly rows: Int32Array;
  readonly buffer: Float32Array;
  readonly done: Promise<void>;
}

/**
 * Pictures that are prepared while the step before them runs. What is asked for in the order in which it was announced
 * lies ready; anything else is prepared when it is asked for. Either way the numbers are the same.
 *
 * @param items of the rows
 * @param limit samples that lie ready at most
 */
export function expectedPictures(
  threads: PictureThreads,
  items: Int32Array,
  shape: readonly number[],
  limit: number,
): FeedColumn {
  const size = shape.reduce((product, length) => product * length, 1);
  const pieces: Piece[] = [];
  const spare: Float32Array[] = [];
  let held = 0;

  const begin = (rows: ArrayLike<number>): Piece => {
    const buffer = spare.pop() ?? sharedFloats(PIECE * size);
    const done = threads.prepare(
      Int32Array.from(rows, (row) => items[row]),
      buffer.subarray(0, rows.length * size),
    );
    // What fails is told where it is awaited.
    done.catch(() => {});
    return { rows: Int32Array.from(rows), buffer, done };
  };
  const finish = async ({ rows, buffer, done }: Piece, into: Float32Array): Promise<void> => {
    await done;
    into.set(buffer.subarray(0, rows.length * size));
    spare.push(buffer);
  };
  /** The announced pieces that are just these rows, taken out of the line; null where they are not next. */
  const next = (rows: ArrayLike<number>): readonly Piece[] | null => {
    let [count, at] = [0, 0];
    for (; at < rows.length; count++) {
      const piece = pieces[count];
      if (piece === undefined || !sameRows(piece.rows, rows, at)) return null;
      at += piece.rows.length;
    }
    held -= rows.length;
    return pieces.splice(0, count);
  };

  return {
    name: 'x',
    dtype: 'float32',
    shape,
    expect: (rows) => {
      if (held + rows.length > limit && held > 0) return false;
      held += rows.length;
      for (const piece of inPieces(rows)) pieces.push(begin(piece));
      return true;
    },
    fill: async (rows, into: FeedData) => {
      const asked = next(rows) ?? inPieces(rows).map(begin);
      let at = 0;
      for (const piece of asked) {
        await finish(piece, (into as Float32Array).subarray(at));
        at += piece.rows.length * size;
      }
    },
  };
}

function inPieces(rows: ArrayLike<number>): readonly ArrayLike<number>[] {
  const all = Int32Array.from(rows);
  return Array.from({ length: Math.ceil(all.length / PIECE) }, (_, piece) =>
    all.subarray(piece * PIECE, (piece + 1) * PIECE),
  );
}
