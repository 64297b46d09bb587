// Plain JavaScript with its types beside it: a worker thread runs it from the sources as from the build.

/** Bytes from which an array's memory is given back at once. */
const large = 1 << 16;

/**
 * Gives back the memory of an array that nobody else has. Garbage collection would do it many steps later, and each step makes the whole state anew.
 * @type {(buffer: ArrayBuffer) => void}
 */
const discard = (buffer) => {
  if (buffer.transfer) buffer.transfer(0);
  else nowhere().postMessage(null, [buffer]);
};

/** Node 20 has no `ArrayBuffer.prototype.transfer`: what goes into a port whose other end is closed is gone. */
let port;
function nowhere() {
  if (!port) {
    const { port1, port2 } = new MessageChannel();
    port2.close();
    port = port1;
  }
  return port;
}

/**
 * Sessions of one copy of ONNX Runtime and the arrays that stay with them, both by numbers that the caller chooses.
 * @type {typeof import('./engine').engine}
 */
export function engine({ InferenceSession, Tensor, env }) {
  const sessions = new Map();
  const held = new Map();
  /** Large arrays that runs made and that are held where ONNX Runtime left them. */
  const made = new Set();
  /**
   * Whether large arrays are held in memory of their own, outside the C library's heap: there the arrays of a step then find the same free memory in every step, and no holes between
   * arrays that stay.
   */
  const apart = env.versions.node !== undefined;

  /** The array in such memory: in `place`, where there is one of its kind. */
  const settled = (tensor, place = placeFor(tensor)) => {
    place.data.set(tensor.data);
    discard(tensor.data.buffer);
    return place;
  };
  const placeFor = ({ type, data, dims }) => {
    const buffer = new ArrayBuffer(data.byteLength, { maxByteLength: data.byteLength });
    return new Tensor(type, new data.constructor(buffer, 0, data.length), dims);
  };
  const isLarge = ({ data }) => data.byteLength >= large;

  return {
    async load(id, model, options) {
      sessions.set(id, await InferenceSession.create(model, options));
    },
    async run(id, { given, held: kept, keep, read }) {
      const feeds = {};
      for (const [name, { dtype, data, shape }] of given) feeds[name] = new Tensor(dtype, data, shape);
      for (const [name, number] of kept) feeds[name] = held.get(number);
      const fetches = {};
      for (const name of [...read, ...keep.map(([each]) => each)]) fetches[name] = null;
      const results = await sessions.get(id).run(feeds, fetches);
      const staying = new Set();
      for (const [name, number] of keep) {
        staying.add(name);
        held.set(number, results[name]);
        if (apart && isLarge(results[name])) made.add(number);
      }
      return read.map((name) => hostArray(results[name], staying.has(name)));
    },
    async release(id) {
      await sessions.get(id)?.release();
      sessions.delete(id);
    },
    hold(first, arrays) {
      for (const [i, { dtype, data, shape }] of arrays.entries()) {
        const tensor = new Tensor(dtype, data, shape);
        held.set(first + i, apart && isLarge(tensor) ? settled(tensor) : tensor);
      }
    },
    read: (numbers) => numbers.map((number) => hostArray(held.get(number), true)),
    free(numbers) {
      const places = new Map();
      for (const number of numbers) {
        const tensor = held.get(number);
        held.delete(number);
        made.delete(number);
        if (!tensor || !isLarge(tensor)) continue;
        if (tensor.data.buffer.resizable) places.set(kindOf(tensor), [...(places.get(kindOf(tensor)) ?? []), tensor]);
        else discard(tensor.data.buffer);
      }
      // A step ends with what was before it being freed: only now may what it made take that memory.
      for (const number of made) {
        const tensor = held.get(number);
        held.set(number, settled(tensor, places.get(kindOf(tensor))?.pop()));
      }
      made.clear();
      for (const left of places.values()) for (const { data } of left) data.buffer.resize(0);
    },
  };
}

function kindOf({ type, dims }) {
  return `${type} ${dims}`;
}

function hostArray({ type, data, dims }, copied) {
  return { shape: [...dims], dtype: type, data: copied ? data.slice() : data };
}
