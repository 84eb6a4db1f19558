export const given = (value) => value;
export const shared = () => {
  const one = { n: 1 };
  return [one, one, { one, when: new Date(3) }, Buffer.from('b')];
};
export const many = (count) => Array.from({ length: count }, (_, at) => at / 3);
export const notAValue = () => [1, { deep: () => 1 }];
export const matched = () => /b(.)/.exec('abc');
