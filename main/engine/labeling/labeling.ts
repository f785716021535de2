import { canonicalJson } from '../../base/canonical-json.ts';
import { isoTime } from '../../base/clock.ts';
import { newId } from '../../base/ids.ts';
import { LightbenchError } from '../../contract/errors.ts';
import type { LabelChange, LabelSet, LabelSetVersion } from '../../contract/labeling.ts';
import { type StoredLabelSet, sha256 } from '../../storage/index.ts';
import type { Caller, EngineContext, HandlersOf } from '../core/context.ts';

const KEYS = '1234567890qwertyuiopasdfghjklzxcvbnm';

/** What labeling needs to know of a dataset version. */
export interface LabelingDatasets {
  /** @throws LightbenchError record.not_found */
  get(digest: string): {
    readonly digest: string;
    readonly name: string;
    readonly version: number;
    readonly rows: number;
    readonly classes: readonly string[];
  };
  /** Imported class index of every item, -1 = unlabeled; length = rows. */
  labels(digest: string): ArrayLike<number>;
}

/** Label sets over dataset versions: an immutable version and a ledger row for every change. */
export class Labeling {
  readonly #context: EngineContext;
  readonly #datasets: LabelingDatasets;

  readonly handlers: HandlersOf<'labels'> = {
    'labels.list': ({ datasetDigest }) =>
      this.#context.workspace.labels.sets(datasetDigest).map((set) => this.#describe(set)),
    'labels.create': (input, caller) => this.#create(input, caller),
    'labels.apply': (input, caller) => this.#apply(input, caller),
    'labels.values': ({ labelSetId, version }) => {
      const set = this.#set(labelSetId);
      return { version: version ?? set.head, labels: [...this.values(labelSetId, version)] };
    },
    'labels.history': ({ labelSetId, limit }) =>
      this.#context.workspace.labels.versions(this.#set(labelSetId).id, limit),
    'labels.addClass': (input, caller) => this.#addClass(input, caller),
  };

  constructor(context: EngineContext, datasets: LabelingDatasets) {
    this.#context = context;
    this.#datasets = datasets;
  }

  /** Class index of every item at a version of the label set (the head when absent), -1 = unlabeled. */
  values(labelSetId: string, version?: string): Int32Array {
    const { labels } = this.#context.workspace;
    const set = this.#set(labelSetId);
    const values = this.#start(set);
    const overrides =
      version === undefined || version === set.head
        ? labels.overrides(set.id)
        : labels.overridesAt(set.id, this.#version(set, version).number);
    for (const [index, label] of overrides) values[index] = label;
    return values;
  }

  /**
   * A reference of a run config: `id` or `id@digest`.
   *
   * @throws LightbenchError record.not_found
   */
  resolve(reference: string): {
    readonly labelSetId: string;
    readonly datasetDigest: string;
    readonly digest: string;
    readonly classes: readonly string[];
  } {
    const [id, digest] = reference.split('@');
    const set = this.#set(id);
    return {
      labelSetId: set.id,
      datasetDigest: set.datasetDigest,
      digest: digest === undefined ? set.head : this.#version(set, digest).digest,
      classes: set.classes,
    };
  }

  #create(
    input: { datasetDigest: string; name: string; startFrom: 'imported' | 'empty'; classes?: string[] | undefined },
    caller: Caller,
  ): LabelSet {
    const { workspace, clock } = this.#context;
    const dataset = this.#datasets.get(input.datasetDigest);
    const classes = input.classes ?? dataset.classes;
    if (classes.length === 0)
      throw new LightbenchError('labels.unknown_class', `${dataset.name} has no classes.`, {
        suggestion: 'Name the classes of the label set.',
      });
    if (new Set(classes).size !== classes.length)
      throw new LightbenchError('request.invalid', 'Two classes have the same name.');
    if (input.startFrom === 'imported' && dataset.classes.some((name, index) => classes[index] !== name)) {
      throw new LightbenchError(
        'request.invalid',
        'A label set that starts from the imported labels must keep their classes, in their order, first.',
      );
    }
    if (workspace.labels.sets(input.datasetDigest).some((set) => set.name === input.name))
      throw new LightbenchError(
        'record.exists',
        `${dataset.name}@${dataset.version} already has a label set called ${input.name}.`,
      );
    const id = newId('labels', clock.nowMs());
    const set: StoredLabelSet = {
      id,
      name: input.name,
      datasetDigest: input.datasetDigest,
      startFrom: input.startFrom,
      classes,
      keys: keysFor(classes),
      head: versionDigest({
        labelSetId: id,
        parent: null,
        changes: [],
        classes,
        datasetDigest: input.datasetDigest,
        startFrom: input.startFrom,
      }),
      createdAt: isoTime(clock),
      createdBy: caller.userName,
    };
    workspace.transaction(() => {
      workspace.labels.insertSet(set);
      workspace.labels.insertVersion({
        digest: set.head,
        labelSetId: id,
        parent: null,
        number: 0,
        createdAt: set.createdAt,
        createdBy: caller.userName,
        changes: [],
        comment: '',
      });
      workspace.lineage.node({ digest: set.head, kind: 'label_set', title: `${set.name} · 0` });
      workspace.lineage.edge(input.datasetDigest, set.head, 'labels');
      workspace.ledger.append({
        actor: caller.userName,
        action: 'labels.created',
        subject: id,
        summary: `${caller.userName} started the label set ${set.name} over ${dataset.name}@${dataset.version}.`,
        payload: { head: set.head },
      });
    });
    this.#context.changed('labels', [id], caller.userName);
    return this.#describe(set);
  }

  #apply(
    input: { labelSetId: string; expectedHead: string; changes: LabelChange[]; comment: string },
    caller: Caller,
  ): LabelSetVersion {
    const { workspace, clock } = this.#context;
    const version = workspace.transaction(() => {
      const set = this.#set(input.labelSetId);
      if (set.head !== input.expectedHead) {
        const newest = workspace.labels.version(set.head);
        throw new LightbenchError(
          'record.conflict',
          `${newest?.createdBy ?? 'Somebody'} changed ${set.name} in the meantime.`,
          { details: { head: set.head } },
        );
      }
      const present = this.values(set.id);
      const changes = new Map<number, { index: number; from: number; to: number }>();
      for (const { index, label } of input.changes) {
        if (index >= present.length)
          throw new LightbenchError(
            'record.not_found',
            `Item ${index} does not exist; the dataset has ${present.length}.`,
          );
        if (label >= set.classes.length)
          throw new LightbenchError(
            'labels.unknown_class',
            `Class ${label} does not exist; ${set.name} has ${set.classes.length}.`,
          );
        changes.set(index, { index, from: present[index], to: label });
      }
      const effective = [...changes.values()]
        .filter((change) => change.from !== change.to)
        .sort((a, b) => a.index - b.index);
      const parent = workspace.labels.version(set.head);
      if (effective.length === 0 && parent !== undefined) return parent;
      const next: LabelSetVersion = {
        digest: versionDigest({ labelSetId: set.id, parent: set.head, changes: effective }),
        labelSetId: set.id,
        parent: set.head,
        number: (parent?.number ?? 0) + 1,
        createdAt: isoTime(clock),
        createdBy: caller.userName,
        changes: effective,
        comment: input.comment,
      };
      workspace.labels.insertVersion(next);
      workspace.labels.updateSet({ ...set, head: next.digest });
      workspace.lineage.node({ digest: next.digest, kind: 'label_set', title: `${set.name} · ${next.number}` });
      workspace.lineage.edge(set.head, next.digest, 'next version');
      workspace.ledger.append({
        actor: caller.userName,
        action: 'labels.changed',
        subject: set.id,
        summary: sentence(caller.userName, set, effective),
        payload: {
          version: next.digest,
          parent: set.head,
          changed: effective.length,
          changes: effective.slice(0, 100),
          comment: input.comment,
        },
      });
      return next;
    });
    this.#context.changed('labels', [input.labelSetId], caller.userName);
    return version;
  }

  #addClass(input: { labelSetId: string; name: string }, caller: Caller): LabelSet {
    const { workspace, clock } = this.#context;
    const set = this.#set(input.labelSetId);
    if (set.classes.includes(input.name))
      throw new LightbenchError('record.exists', `${set.name} already has the class ${input.name}.`);
    const classes = [...set.classes, input.name];
    // The classes are part of what a version means, so a new class is a new version.
    const head = versionDigest({ labelSetId: set.id, parent: set.head, changes: [], classes });
    const next: StoredLabelSet = { ...set, classes, keys: keysFor(classes), head };
    workspace.transaction(() => {
      const number = (workspace.labels.version(set.head)?.number ?? 0) + 1;
      workspace.labels.updateSet(next);
      workspace.labels.insertVersion({
        digest: head,
        labelSetId: set.id,
        parent: set.head,
        number,
        createdAt: isoTime(clock),
        createdBy: caller.userName,
        changes: [],
        comment: `Added the class ${input.name}`,
      });
      workspace.lineage.node({ digest: head, kind: 'label_set', title: `${set.name} · ${number}` });
      workspace.lineage.edge(set.head, head, 'next version');
      workspace.ledger.append({
        actor: caller.userName,
        action: 'labels.class_added',
        subject: set.id,
        summary: `${caller.userName} added the class ${input.name} to ${set.name}.`,
        payload: { version: head, parent: set.head },
      });
    });
    this.#context.changed('labels', [set.id], caller.userName);
    return this.#describe(next);
  }

  #describe(set: StoredLabelSet): LabelSet {
    const values = this.#start(set);
    const overrides = this.#context.workspace.labels.overrides(set.id);
    const changedCount = [...overrides].filter(([index, label]) => values[index] !== label).length;
    for (const [index, label] of overrides) values[index] = label;
    const { startFrom: _, ...visible } = set;
    return {
      ...visible,
      classes: [...set.classes],
      keys: [...set.keys],
      labeledCount: values.reduce((count, label) => count + (label >= 0 ? 1 : 0), 0),
      changedCount,
      versionCount: this.#context.workspace.labels.versionCount(set.id),
    };
  }

  #start(set: StoredLabelSet): Int32Array {
    const dataset = this.#datasets.get(set.datasetDigest);
    return set.startFrom === 'imported'
      ? Int32Array.from(this.#datasets.labels(set.datasetDigest))
      : new Int32Array(dataset.rows).fill(-1);
  }

  #set(id: string): StoredLabelSet {
    const set = this.#context.workspace.labels.set(id);
    if (set === undefined) throw new LightbenchError('record.not_found', `No label set has the id ${id}.`);
    return set;
  }

  #version(set: StoredLabelSet, digest: string): LabelSetVersion {
    const version = this.#context.workspace.labels.version(digest);
    if (version === undefined || version.labelSetId !== set.id)
      throw new LightbenchError('record.not_found', `${set.name} has no version ${digest}.`);
    return version;
  }
}

/** Digits first when the classes are digits themselves, so that the key for “7” is 7. */
function keysFor(classes: readonly string[]): string[] {
  if (classes.length <= 10 && classes.every((name) => /^\d$/.test(name))) return [...classes];
  return classes.map((_, index) => KEYS[index] ?? '');
}

function versionDigest(content: unknown): string {
  return sha256(canonicalJson(content));
}

function sentence(actor: string, set: StoredLabelSet, changes: LabelSetVersion['changes']): string {
  const className = (label: number) => (label < 0 ? 'unlabeled' : set.classes[label]);
  if (changes.length === 1)
    return `${actor} changed item ${changes[0].index} of ${set.name} from ${className(changes[0].from)} to ${className(changes[0].to)}.`;
  return `${actor} changed ${changes.length} labels of ${set.name}.`;
}
