using System.Text;
using Microsoft.ML.Lstm.Text;
using Microsoft.ML.Transforms.Text;

namespace Microsoft.ML.Lstm.Sequences.LanguageModel.Generation;

/// <summary>How the tokens of a language model become a text again: by the transform that made them.</summary>
internal abstract class TextJoining
{
    /// <summary>The key that ends a text, which that transform adds; null where it adds none.</summary>
    public virtual uint? EndsWith => null;

    /// <summary>The way of the last transform in front of the model that cuts texts.</summary>
    public static TextJoining Of(IEnumerable<ITransformer> steps, LanguageVocabulary vocabulary)
    {
        foreach (ITransformer step in steps.Reverse())
        {
            if (step is SubwordTokenizingTransformer subwords && subwords.Tokenizer.Pieces.Length == vocabulary.KeyCount)
                return new Subwords(subwords.Tokenizer);
            if (step is TokenizingByCharactersTransformer && vocabulary.KeyCount == Characters.KeyCount)
                return new Characters();
        }
        return new Words(TextsOf(vocabulary));
    }

    public abstract Joiner NewJoiner();

    /// <summary>
    /// Options whose stop tokens are found by their texts where there are such tokens, else by the values of keys, with the key that ends a
    /// text.
    /// </summary>
    public GenerationOptions WithStops(GenerationOptions options, LanguageVocabulary vocabulary)
    {
        var stops = new List<uint>();
        if (EndsWith is { } end)
            stops.Add(end);
        var values = new List<string>();
        foreach (string token in options.StopTokens)
        {
            uint[] keys = KeysOf(token);
            // A text that the model never writes is no reason to stop, unless it is the value of a key.
            bool isWritten = Array.Exists(keys, key => vocabulary.NumberOf(key) > 0);
            if (isWritten || (keys.Length > 0 && vocabulary.Values?.IndexOf(token) is not >= 0))
                stops.AddRange(keys);
            else
                values.Add(token);
        }
        return options.WithStops(stops, [.. values]);
    }

    /// <summary>The keys of the tokens that stand for a text; none where there is no such token, or keys have this text for a value.
    /// </summary>
    protected virtual uint[] KeysOf(string text) => [];

    /// <summary>The tokens of a prompt without the one that ends a text.</summary>
    public uint[] WithoutEnd(uint[] keys) => keys.Length > 0 && keys[^1] == EndsWith ? keys[..^1] : keys;

    private static string[] TextsOf(LanguageVocabulary vocabulary) => vocabulary.Values?.Values
        ?? throw new InvalidOperationException("The keys of the model's column have no values, so tokens can't become a text.");

    private sealed class Subwords(SubwordTokenizer tokenizer) : TextJoining
    {
        public override uint? EndsWith => tokenizer.EndId is { } id ? (uint)id + 1 : null;

        public override Joiner NewJoiner() => new SubwordJoiner(new SubwordDecoder(tokenizer));

        /// <summary>A piece by its name, the value of its key, or else all that add the text.</summary>
        protected override uint[] KeysOf(string text)
        {
            if (text.Length == 0 || Array.Exists(tokenizer.Pieces, piece => piece.Role != PieceRole.None && piece.Name == text))
                return [];
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            return [.. tokenizer.Pieces.Index()
                .Where(piece => piece.Item.Role is PieceRole.Text or PieceRole.Word && piece.Item.Bytes.AsSpan().SequenceEqual(bytes))
                .Select(piece => (uint)piece.Index + 1)];
        }
    }

    private sealed class Words(string[] values) : TextJoining
    {
        public override Joiner NewJoiner() => new WordJoiner(values);
    }

    /// <summary>
    /// Characters: the keys of ML.NET's transform are their UTF-16 units, with the control characters 2 and 3 around a text. (Their key
    /// values are for people, with symbols for control characters and white space.)
    /// </summary>
    private sealed class Characters : TextJoining
    {
        /// <summary>The keys of ML.NET's transform, which any other mapping behind it would change.</summary>
        public const int KeyCount = ushort.MaxValue;

        private const uint Begin = 2, End = 3;

        public override uint? EndsWith => End;

        public override Joiner NewJoiner() => new CharacterJoiner();

        protected override uint[] KeysOf(string text) => text is [not '\0' and var character] ? [character] : [];

        private sealed class CharacterJoiner : Joiner
        {
            public override void Append(uint key, StringBuilder text)
            {
                if (key is not (0 or Begin or End))
                    text.Append((char)key);
            }
        }
    }

    private sealed class SubwordJoiner(SubwordDecoder decoder) : Joiner
    {
        public override void Append(uint key, StringBuilder text)
        {
            if (key > 0)
                decoder.Append((int)key - 1, text);
        }

        public override void Finish(StringBuilder text) => decoder.Finish(text);
    }

    private sealed class WordJoiner(string[] values) : Joiner
    {
        private bool _isAtBegin = true;

        public override void Append(uint key, StringBuilder text)
        {
            if (!_isAtBegin)
                text.Append(' ');
            _isAtBegin = false;
            if (key > 0)
                text.Append(values[key - 1]);
        }
    }
}

/// <summary>Joins the tokens of one text.</summary>
internal abstract class Joiner
{
    /// <summary>Adds what is complete with a token; a missing key adds nothing of its own.</summary>
    public abstract void Append(uint key, StringBuilder text);

    /// <summary>Adds what was not complete.</summary>
    public virtual void Finish(StringBuilder text)
    {
    }
}
