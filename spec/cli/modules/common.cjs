module.exports = async () => {
  const { Dag } = await import('handoff-dag');
  return new Dag('common').add({ id: 'what', code: () => 'from CommonJS' });
};
