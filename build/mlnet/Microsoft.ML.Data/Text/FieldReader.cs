using System.Text;

namespace Microsoft.ML.Data;

/// <summary>Cuts a line of text into fields.</summary>
internal sealed record FieldReader(char Separator, bool AllowQuoting, bool TrimWhitespace)
{
    /// <summary>Fills <paramref name="fields"/>; says false if a field's quotes are wrong, which leaves that field empty.</summary>
    public bool Read(string line, List<string> fields)
    {
        fields.Clear();
        if (TrimWhitespace)
            line = line.TrimEnd();
        bool isWellFormed = true;
        for (int start = 0; start <= line.Length;)
        {
            while (start < line.Length && line[start] == ' ' && Separator != ' ')
                start++;
            if (AllowQuoting && start < line.Length && line[start] == '"')
            {
                isWellFormed &= ReadQuoted(line, ref start, out string quoted);
                fields.Add(quoted);
                continue;
            }
            int end = line.IndexOf(Separator, start);
            if (end < 0)
                end = line.Length;
            fields.Add(line[start..end]);
            start = end + 1;
        }
        return isWellFormed;
    }

    private bool ReadQuoted(string line, ref int position, out string field)
    {
        var text = new StringBuilder();
        for (position++; position < line.Length; position++)
        {
            if (line[position] != '"')
            {
                text.Append(line[position]);
            }
            else if (position + 1 < line.Length && line[position + 1] == '"')
            {
                text.Append('"');
                position++;
            }
            else
            {
                int end = line.IndexOf(Separator, position);
                end = end < 0 ? line.Length : end;
                bool isClosed = string.IsNullOrWhiteSpace(line[(position + 1)..end]);
                field = isClosed ? text.ToString() : "";
                position = end + 1;
                return isClosed;
            }
        }
        field = "";
        position = line.Length + 1;
        return false;
    }
}
