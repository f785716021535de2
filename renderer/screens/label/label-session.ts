import { LightbenchError } from '../../../main/contract/errors.ts';
import type { LabelChange } from '../../../main/contract/labeling.ts';
import type { Step, UndoStack } from './undo-stack.ts';
import { emptyStack, pushed, redone, undone } from './undo-stack.ts';

/** Labels as the engine has them: one class index per item, −1 for none. */
export interface LabelSnapshot {
  readonly labels: readonly number[];
  readonly head: string;
}

export interface LabelSessionState extends LabelSnapshot {
  /** Changes on their way to the engine. */
  readonly saving: boolean;
  readonly stack: UndoStack;
  /** Changes that were refused because somebody else had changed the labels; the labels shown are already theirs. */
  readonly refused: readonly LabelChange[] | null;
}

export interface LabelSessionDoor {
  /** Sends changes on top of a version; gives the new version. */
  readonly send: (expectedHead: string, changes: readonly LabelChange[]) => Promise<string>;
  readonly reload: () => Promise<LabelSnapshot>;
  readonly onError: (error: LightbenchError) => void;
}

/**
 * Label work that never makes a person wait: a change shows at once and is sent behind. What is labelled while a version
 * is being written goes into the next one together. A conflict brings the labels of the other person and keeps what was
 * refused, so that it can be applied on top.
 */
export class LabelSession {
  readonly #door: LabelSessionDoor;
  readonly #listeners = new Set<() => void>();
  #confirmed: readonly number[];
  #unsent: LabelChange[] = [];
  #state: LabelSessionState;

  constructor(snapshot: LabelSnapshot, door: LabelSessionDoor) {
    this.#door = door;
    this.#confirmed = snapshot.labels;
    this.#state = { ...snapshot, saving: false, stack: emptyStack, refused: null };
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly state = (): LabelSessionState => this.#state;

  /** Sets the label of items. Items that have it already are left alone. */
  label(indices: readonly number[], to: number): void {
    const step = indices
      .map((index) => ({ index, from: this.#state.labels[index] ?? -1, to }))
      .filter((change) => change.from !== change.to);
    this.#make(step, pushed(this.#state.stack, step));
  }

  undo(): Step | null {
    const result = undone(this.#state.stack);
    if (result !== null) this.#make(result.step, result.stack);
    return result?.step ?? null;
  }

  redo(): Step | null {
    const result = redone(this.#state.stack);
    if (result !== null) this.#make(result.step, result.stack);
    return result?.step ?? null;
  }

  /** Applies refused changes on top of what the other person did, or drops them. */
  resolve(how: 'apply' | 'drop'): void {
    const { refused } = this.#state;
    this.#set({ refused: null });
    if (how === 'drop' || refused === null) return;
    const step = refused
      .map(({ index, label }) => ({ index, from: this.#state.labels[index] ?? -1, to: label }))
      .filter((change) => change.from !== change.to);
    this.#make(step, pushed(this.#state.stack, step));
  }

  /** Takes over what somebody else did while nothing was under way here. */
  async follow(head: string): Promise<void> {
    if (head === this.#state.head || this.#state.saving) return;
    const snapshot = await this.#door.reload();
    if (!this.#state.saving) this.#adopt(snapshot);
  }

  #make(step: Step, stack: UndoStack): void {
    if (step.length === 0) return;
    const labels = [...this.#state.labels];
    for (const { index, to } of step) {
      labels[index] = to;
      this.#unsent.push({ index, label: to });
    }
    this.#set({ labels, stack });
    if (!this.#state.saving) void this.#send();
  }

  async #send(): Promise<void> {
    this.#set({ saving: true });
    while (this.#unsent.length > 0) {
      const changes = newestOfEach(this.#unsent);
      this.#unsent = [];
      // Changed there and back while the version before was being written: nothing is left to say.
      const real = changes.filter(({ index, label }) => this.#confirmed[index] !== label);
      if (real.length === 0) continue;
      try {
        const head = await this.#door.send(this.#state.head, real);
        const confirmed = [...this.#confirmed];
        for (const { index, label } of real) confirmed[index] = label;
        this.#confirmed = confirmed;
        this.#set({ head });
      } catch (thrown) {
        await this.#recover(LightbenchError.from(thrown), newestOfEach([...real, ...this.#unsent]));
        break;
      }
    }
    this.#set({ saving: false });
  }

  async #recover(error: LightbenchError, lost: readonly LabelChange[]): Promise<void> {
    this.#unsent = [];
    if (error.code !== 'record.conflict') {
      this.#set({ labels: this.#confirmed, stack: emptyStack });
      this.#door.onError(error);
      return;
    }
    try {
      this.#adopt(await this.#door.reload());
      this.#set({ refused: lost });
    } catch (thrown) {
      this.#door.onError(LightbenchError.from(thrown));
    }
  }

  #adopt(snapshot: LabelSnapshot): void {
    this.#confirmed = snapshot.labels;
    this.#set({ ...snapshot, stack: emptyStack });
  }

  #set(changes: Partial<LabelSessionState>): void {
    this.#state = { ...this.#state, ...changes };
    for (const listener of this.#listeners) listener();
  }
}

function newestOfEach(changes: readonly LabelChange[]): readonly LabelChange[] {
  return [...new Map(changes.map((change) => [change.index, change])).values()];
}
