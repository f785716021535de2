import { closeSync, readSync, statfsSync, writeSync } from 'node:fs';
import { ArtifactStore } from '../../storage/artifacts/artifact-store.ts';
import type { Preparation } from './preparation.ts';

/** How much of the free disk prepared pictures may take. */
const SHARE_OF_DISK = 0.25;

/** A file of prepared samples, each where its item's number says; shared by the threads that prepare them. */
export interface PictureCache {
  readonly file: number;
  readonly sampleLength: number;
  /** Shared, one per item: 1 where its sample is there. */
  readonly present: Uint8Array;
  /** Shared: how many more samples may be written. */
  readonly room: Int32Array;
}

/**
 * Room on disk for what does not fit into memory, so that each picture is decoded once and not in every epoch. It is gone
 * with the process.
 *
 * @param items of the dataset
 * @param most samples to keep; as many as a quarter of the free disk holds by default
 */
export function openPictureCache(
  workspaceFolder: string,
  items: number,
  sampleLength: number,
  most: number = roomOnDisk(workspaceFolder, sampleLength),
): PictureCache {
  const room = new Int32Array(new SharedArrayBuffer(4));
  room[0] = Math.min(items, most);
  return {
    file: new ArtifactStore(workspaceFolder).openScratch(),
    sampleLength,
    present: new Uint8Array(new SharedArrayBuffer(items)),
    room,
  };
}

/** Once no thread uses it any more. */
export const closePictureCache = ({ file }: PictureCache): void => closeSync(file);

function roomOnDisk(folder: string, sampleLength: number): number {
  const { bavail, bsize } = statfsSync(folder);
  return Math.floor((bavail * bsize * SHARE_OF_DISK) / (4 * sampleLength));
}

/** The same numbers, from the file where it has them; what is prepared is written there while there is room. */
export function throughCache(preparation: Preparation, cache: PictureCache): Preparation {
  const { sampleLength, present } = cache;
  return {
    prepare: async (items, into) => {
      const sample = (place: number, count = 1): Float32Array =>
        into.subarray(place * sampleLength, (place + count) * sampleLength);
      for (let place = 0; place < items.length; ) {
        if (read(cache, items[place], sample(place))) {
          place++;
          continue;
        }
        let count = 1;
        while (place + count < items.length && Atomics.load(present, items[place + count]) === 0) count++;
        const missing = Array.from({ length: count }, (_, index) => items[place + index]);
        await preparation.prepare(missing, sample(place, count));
        missing.forEach((item, index) => {
          keep(cache, item, sample(place + index));
        });
        place += count;
      }
    },
    dispose: () => preparation.dispose(),
  };
}

function read({ file, sampleLength, present }: PictureCache, item: number, into: Float32Array): boolean {
  if (Atomics.load(present, item) === 0) return false;
  return transfer(readSync, file, into, item * 4 * sampleLength);
}

function keep({ file, sampleLength, present, room }: PictureCache, item: number, sample: Float32Array): void {
  if (Atomics.load(present, item) === 1 || Atomics.load(room, 0) <= 0 || Atomics.sub(room, 0, 1) <= 0) return;
  if (transfer(writeSync, file, sample, item * 4 * sampleLength)) Atomics.store(present, item, 1);
  // A full disk is no reason to stop: what is not there is prepared again.
  else Atomics.store(room, 0, 0);
}

type Move = (file: number, bytes: Uint8Array, offset: number, length: number, position: number) => number;

/** @returns whether all bytes went */
function transfer(move: Move, file: number, values: Float32Array, position: number): boolean {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  try {
    for (let done = 0; done < bytes.length; ) {
      const moved = move(file, bytes, done, bytes.length - done, position + done);
      if (moved === 0) return false;
      done += moved;
    }
    return true;
  } catch {
    return false;
  }
}
