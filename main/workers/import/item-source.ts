import type { Column } from '../../contract/datasets.ts';
import type { Annotations } from '../../formats/dataset-pack/annotations.ts';
import type { Encoding, SliceInfo } from '../../formats/dataset-pack/dataset-index.ts';
import type { SplitName } from '../../formats/split-name.ts';

/** One picture, ready to be stored. */
export interface SourceItem {
  readonly bytes: Uint8Array;
  readonly encoding: Encoding;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** 8-bit pixels to look at: for hashes and brightness. May be smaller than the picture. */
  readonly preview: {
    readonly width: number;
    readonly height: number;
    readonly channels: number;
    readonly data: Uint8Array;
  };
  /** An encoded small picture, when `bytes` is slow to show. */
  readonly thumbnail: Uint8Array | null;
  readonly slice: SliceInfo | null;
}

/** A source of pictures whose items are known before they are read. Items keep this order. */
export interface ItemSource {
  readonly kind: 'image' | 'volume';
  readonly format: 'idx' | 'image-folder' | 'image-masks' | 'coco' | 'dicom';
  readonly count: number;
  readonly classes: readonly string[];
  /** -1 = unlabeled. */
  readonly labels: Int32Array;
  /** As the source says; undefined where it says nothing. */
  readonly split: (item: number) => SplitName | undefined;
  readonly name: (item: number) => string;
  /** Bytes that the item will take, about: to plan the packs. */
  readonly sizeBytes: (item: number) => number;
  /** Changes when any of these items might have changed in the source. */
  readonly fingerprint: (from: number, to: number) => string;
  /** Sentences for the log and the quality report. */
  readonly remarks: readonly string[];
  /** Items that could not even be listed as items, with the reason. */
  readonly unreadable: readonly { readonly path: string; readonly reason: string }[];
  /** Set when all items are plain pixels of one shape: items `from` to `to`, back to back. */
  readonly plain: {
    readonly width: number;
    readonly height: number;
    readonly channels: number;
    readonly pixels: (from: number, to: number) => Promise<Uint8Array>;
  } | null;
  /** Masks or boxes of the pictures: their column, and what it holds of the items that could be read. */
  readonly annotations?: {
    readonly column: Column;
    /** @param sizes width and height of each picture. @throws FormatError where a mask does not fit its picture */
    readonly of: (
      items: readonly number[],
      sizes: readonly { readonly width: number; readonly height: number }[],
    ) => Promise<Annotations>;
  };
  /** @throws FormatError when the item is damaged: it is then listed, not fatal. */
  readonly read: (item: number) => Promise<SourceItem>;
}
