import { recorder } from './recorder.ts';

/**
 * A module of a model file. Its objects are functions, as PyTorch's modules can be called: `this.conv(x)` runs `forward`
 * and notes which module did it.
 */
export abstract class Module {
  constructor() {
    const self = ((...inputs: unknown[]) => self.called(inputs)) as unknown as this;
    Object.setPrototypeOf(self, new.target.prototype);
    // Names that a module of one's own may well use for its parts.
    for (const name of ['name', 'length']) Reflect.deleteProperty(self, name);
    // biome-ignore lint/correctness/noConstructorReturn: the object is the function
    return self;
  }

  abstract forward(...inputs: unknown[]): unknown;

  called(inputs: readonly unknown[]): unknown {
    return recorder().block(this, inputs, () => this.forward(...inputs));
  }
}
