// Factories that throw and return what nobody expects.

function revoked() {
  const { proxy, revoke } = Proxy.revocable(new Error('gone'), {});
  revoke();
  return proxy;
}

export const throwsProxy = () => {
  throw revoked();
};

export const throwsUnreadable = async () => {
  throw Object.defineProperty(new Error('x'), 'message', {
    get() {
      throw new Error('getter');
    },
  });
};

export const throwsMany = () => {
  throw new AggregateError(Array.from({ length: 5000 }, (_, at) => new Error(`error ${at}`)));
};

export const throwsNothing = () => {
  throw undefined;
};

export const returnsProxy = () => [revoked()][0];

export const returnsUnreadable = () => ({
  get id() {
    throw new Error('getter');
  },
});

export const rejected = Promise.reject(revoked());
rejected.catch(() => {});

export const thenable = {
  get then() {
    throw new Error('getter');
  },
};
