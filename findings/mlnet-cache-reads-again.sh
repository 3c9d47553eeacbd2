#!/bin/sh
# Microsoft.ML 5.0.1: ml.Data.Cache keeps the columns that were asked for. A column that is asked for later is read from the source in another pass,
# and pairs its rows with the first pass's by position: a source that gives other rows each time is mixed up by its own cache.
. "$(dirname "$0")/expect.sh"

expected='Passes after A: 1
Passes after A again: 1
Passes after B: 2
Both columns at once: 1/2'

run_csharp cache-reads-again Microsoft.ML=5.0.1 << 'PROGRAM'
using Microsoft.ML;
using Microsoft.ML.Data;

var ml = new MLContext();
int passes = 0;
IDataView cached = ml.Data.Cache(ml.Data.LoadFromEnumerable(Rows()));
Count("A");
Count("A", " again");
Count("B");
Row row = ml.Data.CreateEnumerable<Row>(cached, reuseRowObject: false).First();
Console.WriteLine($"Both columns at once: {row.A}/{row.B}");

void Count(string column, string again = "")
{
    cached.GetColumn<float>(column).Count();
    Console.WriteLine($"Passes after {column}{again}: {passes}");
}

// Each pass says in both columns which pass it is.
IEnumerable<Row> Rows() => new Passes(() => ++passes);

class Row
{
    public float A { get; set; }

    public float B { get; set; }
}

class Passes(Func<int> begin) : IEnumerable<Row>
{
    public IEnumerator<Row> GetEnumerator()
    {
        int pass = begin();
        for (int i = 0; i < 3; i++)
            yield return new Row { A = pass, B = pass };
    }

    System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
}
PROGRAM
