/** A model file that says every word there is, each with its options: it must compile against the declarations, and run. */
export const everyWord = `import {
  abs, AdaptiveAvgPool2d, add, addLoss, AvgPool2d, BatchNorm1d, BatchNorm2d, cat, chunk, Conv2d, ConvTranspose2d,
  defineModel, detach, div, Dropout, ELU, Embedding, exp, expandAs, Flatten, flatten, GELU, gelu, GlobalAvgPool2d, GroupNorm,
  GRU, Hardswish, LayerNorm, LeakyReLU, Linear, log, logSoftmax, LSTM, matmul, maximum, MaxPool2d, mean, minimum, Module, mul,
  MultiheadAttention, narrow, neg, paddingMask, Parameter, permute, pow, ReLU, relu, ReLU6, reshape, RMSNorm, RNN, Sequential,
  sequenceLengths, sequenceMean, Sigmoid, sigmoid, SiLU, silu, softmax, sqrt, squeeze, SqueezeExcitation, stack,
  StochasticDepth, sub, sum, Tanh, tanh, Tensor, TransformerEncoderLayer, transpose, unsqueeze, Upsample,
} from 'lightbench';

class Steps extends Module {
  lstm = new LSTM(16, 8, { layers: 2, bidirectional: true, dropout: 0.1, bias: true });
  gru = new GRU(16, 4);
  rnn = new RNN(4, 4);
  attention = new MultiheadAttention(16, 2, { dropout: 0.1, bias: true });
  encoder = new TransformerEncoderLayer(16, 2, { feedForward: 8, activation: 'relu', dropout: 0.1, order: 'post', normalization: 'rms' });
  forward(x: Tensor) {
    const looked = this.attention(x, { memory: this.encoder(x, { causal: true }) });
    const { output, last } = this.lstm(looked);
    const short = this.rnn(this.gru(output).output).last;
    return cat([last, short, sequenceMean(output)]);
  }
}

class Net extends Module {
  first = new Sequential(
    new Conv2d(1, 8, [3, 3], { stride: 1, padding: 'same', dilation: 1, groups: 1, bias: false }),
    new BatchNorm2d(8, { epsilon: 1e-4, momentum: 0.2 }), new ReLU(), new MaxPool2d(2, { stride: 2, padding: 0 }),
    new SqueezeExcitation(8, 2), new ReLU6(), new GroupNorm(2, 8, { epsilon: 1e-4 }), new LeakyReLU(),
    new Upsample(2, { mode: 'nearest' }), new ELU(), new AvgPool2d(2), new Hardswish(), new StochasticDepth(0.1),
    new ConvTranspose2d(8, 4, 2, { stride: 2, outputPadding: 0 }), new GELU(), new AdaptiveAvgPool2d(4),
  );
  pooled = new GlobalAvgPool2d();
  flat = new Sequential(new Flatten(), new BatchNorm1d(64), new SiLU(), new Tanh(), new Sigmoid(), new LayerNorm([64]));
  norm = new RMSNorm(64);
  steps = new Steps();
  places = new Parameter([4, 16], { kind: 'normal', deviation: 0.1 });
  head: Linear;
  dropout = new Dropout(0.1);
  constructor(classes: number) {
    super();
    this.head = new Linear(16 + 4 + 16 + 4, classes, { bias: true });
  }
  forward(x: Tensor) {
    const image = this.first(x);
    const rows = this.norm(this.flat(image));
    const sequence = add(reshape(rows, [-1, 4, 16]), this.places);
    const [left, right] = chunk(permute(transpose(transpose(sequence, 1, 2), 1, 2), [0, 1, 2]), 2, 1);
    const both = cat([left, right], 1);
    const calm = div(sub(mul(exp(neg(abs(both))), 2), 1), sqrt(add(pow(both, 2), 1)));
    const sums = sum(calm, -1, { keepdim: true });
    const wild = maximum(minimum(add(both, expandAs(mean(sums, 2, { keepdim: true }), both)), 3), -3);
    const gates = mul(sigmoid(wild), tanh(relu(gelu(silu(softmax(wild, -1))))));
    addLoss(mean(log(add(abs(detach(gates)), 1))), 'sparsity');
    const mixed = matmul(gates, transpose(gates, 1, 2));
    const kept = squeeze(narrow(stack([mixed, mixed], 1), 1, 0, 1), 1);
    const seen = this.steps(add(gates, matmul(kept, both)));
    const few = this.pooled(unsqueeze(unsqueeze(mean(logSoftmax(image, 1), [2, 3]), 2), 3));
    return this.head(this.dropout(cat([seen, flatten(few)])));
  }
}

/** Of text; not a part of this model. */
class Words extends Module {
  embedding = new Embedding(100, 16, { padding: 0, deviation: 0.1 });
  lstm = new LSTM(16, 8);
  attention = new MultiheadAttention(16, 2);
  forward(tokens: Tensor) {
    const vectors = this.attention(this.embedding(tokens), { mask: paddingMask(tokens, { padding: 0 }) });
    return this.lstm(vectors, { lengths: sequenceLengths(tokens, { padding: 0 }) }).last;
  }
}

export default defineModel({ task: 'image-classification', options: { depth: 1 }, build: ({ output }) => { new Words(); return new Net(output.classes); } });
`;
