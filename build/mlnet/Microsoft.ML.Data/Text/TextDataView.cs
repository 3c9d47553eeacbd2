using System.Globalization;
using System.Numerics;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>A data view over a text file, which every cursor reads anew.</summary>
internal sealed class TextDataView : IDataView
{
    private readonly IHost _host;
    private readonly string _path;
    private readonly TextLoader.Column[] _columns;
    private readonly FieldReader _fields;
    private readonly bool _hasHeader;

    public TextDataView(IHostEnvironment env, string path, TextLoader.Column[] columns, FieldReader fields, bool hasHeader)
    {
        _host = env.Register(nameof(TextLoader));
        _path = path;
        _columns = columns;
        _fields = fields;
        _hasHeader = hasHeader;
        Schema = SchemaExtensions.MakeSchema(columns.Select(c => new DataViewSchema.DetachedColumn(c.Name, c.Type)));
    }

    public bool CanShuffle => false;

    public DataViewSchema Schema { get; }

    public long? GetRowCount() => null;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null) =>
        new Cursor(this, RowGetters.Active(Schema, columnsNeeded));

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

    private sealed class Cursor : SourceCursor
    {
        private readonly TextDataView _view;
        private readonly StreamReader _reader;
        private readonly List<string> _fields = [];
        private long _line;
        private long _bad;
        private long _malformed;

        public Cursor(TextDataView view, bool[] active)
            : base(view.Schema, active)
        {
            _view = view;
            _reader = new(view._path);
            if (view._hasHeader)
                ReadLine();
        }

        protected override bool MoveNextCore()
        {
            string line;
            do
                line = ReadLine();
            while (line is { Length: 0 });
            if (line is null)
            {
                Report();
                return false;
            }
            if (!_view._fields.Read(line, _fields))
            {
                _malformed++;
                Log(ChannelMessageKind.Warning, $"Format error at {_view._path}({_line}): Illegal quoting");
            }
            return true;
        }

        protected override Delegate MakeGetter(DataViewSchema.Column column) =>
            (Delegate)ByType.Call(MakeGetter<int>, _view._columns[column.Index].ItemType.RawType, _view._columns[column.Index]);

        protected override void Dispose(bool disposing) => _reader.Dispose();

        private Delegate MakeGetter<T>(TextLoader.Column column)
        {
            FieldParser<T> parse = FieldParsers.Make<T>(column.ItemType);
            if (column.Type is not VectorDataViewType)
                return (ValueGetter<T>)((ref T value) => value = Parse(parse, column, 0));
            return (ValueGetter<VBuffer<T>>)((ref VBuffer<T> value) =>
            {
                int length = column.Fields.Length;
                var items = new SparseBuilder<T>(ref value, length, length);
                for (int slot = 0; slot < length; slot++)
                    items.Add(slot, Parse(parse, column, slot));
                value = items.Build(isDenseAt: length / 2 + 1);
            });
        }

        private T Parse<T>(FieldParser<T> parse, TextLoader.Column column, int slot)
        {
            int field = column.Fields[slot];
            switch (parse(field < _fields.Count ? _fields[field] : "", out T value))
            {
                case FieldState.Bad:
                    _bad++;
                    string where = column.Type is VectorDataViewType ? $" at slot {slot}" : "";
                    Log(ChannelMessageKind.Info, $"  Bad value at line {_line} in column {column.Name}{where}");
                    break;
                case FieldState.Fatal:
                    var inner = new InvalidOperationException($"Could not parse value {_fields[field]} in line {_line}, column {column.Name}");
                    throw _view._host.ExceptDecode(inner, $"Parsing failed with an exception: {inner.Message}");
            }
            return value;
        }

        private string ReadLine()
        {
            _line++;
            return _reader.ReadLine();
        }

        private void Report()
        {
            if (_bad + _malformed > 0)
                Log(ChannelMessageKind.Info, $"Processed {Position + 1} rows with {_bad} bad values and {_malformed} format errors");
        }

        private void Log(ChannelMessageKind kind, string message)
        {
            using IChannel ch = _view._host.Start("ParseStats");
            ch.Send(new(kind, MessageSensitivity.UserData, message));
        }
    }
}

internal enum FieldState
{
    Good,
    Bad,
    Fatal,
}

internal delegate FieldState FieldParser<T>(string text, out T value);

/// <summary>From text to values: an empty field is 0, a bad real number NaN, a bad key missing, a bad integer or truth value an error.</summary>
internal static class FieldParsers
{
    public static FieldParser<T> Make<T>(PrimitiveDataViewType type)
    {
        object parser = type switch
        {
            KeyDataViewType key => ByType.Call(Key<uint>, typeof(T), key.Count),
            TextDataViewType => (FieldParser<ReadOnlyMemory<char>>)Text,
            BooleanDataViewType => (FieldParser<bool>)Boolean,
            DateTimeDataViewType => (FieldParser<DateTime>)Date,
            _ when typeof(T) == typeof(float) => (FieldParser<float>)Real,
            _ when typeof(T) == typeof(double) => (FieldParser<double>)Real,
            _ => ByType.Call(Integer<int>, typeof(T)),
        };
        return (FieldParser<T>)parser;
    }

    private static FieldState Text(string text, out ReadOnlyMemory<char> value)
    {
        value = text.Length == 0 ? default : text.AsMemory();
        return FieldState.Good;
    }

    private static FieldState Boolean(string text, out bool value)
    {
        string lower = text.ToLowerInvariant();
        value = lower is "true" or "t" or "yes" or "y" or "1" or "+1" or "+";
        return value || lower is "" or "false" or "f" or "no" or "n" or "0" or "-1" or "-" ? FieldState.Good : FieldState.Fatal;
    }

    private static FieldState Date(string text, out DateTime value)
    {
        value = default;
        return text.Length == 0 || DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out value) ? FieldState.Good : FieldState.Fatal;
    }

    private static FieldState Real<T>(string text, out T value)
        where T : IBinaryFloatingPointIeee754<T>
    {
        value = T.Zero;
        if (text.Length == 0 || T.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value))
            return FieldState.Good;
        value = T.NaN;
        return text == "?" ? FieldState.Good : FieldState.Bad;
    }

    private static FieldParser<T> Integer<T>()
        where T : IBinaryInteger<T> =>
        (string text, out T value) =>
        {
            value = T.Zero;
            bool isNumber = !text.StartsWith('+')
                && T.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out value);
            return text.Length == 0 || isNumber ? FieldState.Good : FieldState.Fatal;
        };

    private static FieldParser<T> Key<T>(ulong count)
        where T : IBinaryInteger<T> =>
        (string text, out T value) =>
        {
            value = T.Zero;
            if (text is "" or "?" or "NA" or "N/A" or "NaN")
                return FieldState.Good;
            if (!ulong.TryParse(text, CultureInfo.InvariantCulture, out ulong index) || index >= count)
                return FieldState.Bad;
            value = T.CreateTruncating(index + 1);
            return FieldState.Good;
        };
}
