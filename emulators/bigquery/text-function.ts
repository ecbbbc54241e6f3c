import { ANY, DuckDBScalarFunction, type DuckDBType, type DuckDBValue, VARCHAR } from '@duckdb/node-api';

/** A function for DuckDB that makes a text of any value, NULL too. */
export function textFunction(
  name: string,
  write: (value: DuckDBValue, type: DuckDBType) => string,
): DuckDBScalarFunction {
  return DuckDBScalarFunction.create({
    name,
    parameterTypes: [ANY],
    returnType: VARCHAR,
    specialHandling: true,
    mainFunction(_info, input, output) {
      const vector = input.getColumnVector(0);
      for (let row = 0; row < input.rowCount; row += 1) output.setItem(row, write(vector.getItem(row), vector.type));
      output.flush();
    },
  });
}
