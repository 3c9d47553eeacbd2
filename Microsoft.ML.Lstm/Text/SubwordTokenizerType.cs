namespace Microsoft.ML.Lstm;

/// <summary>How texts are cut into subwords, and which files say so.</summary>
public enum SubwordTokenizerType
{
    /// <summary>
    /// Byte pair encoding (Sennrich et al. 2016), of bytes as for GPT-2 and RoBERTa, or of characters: <c>vocab.json</c>, the pieces with
    /// their ids, and <c>merges.txt</c>. Of bytes, any text comes back as it was.
    /// </summary>
    BytePairEncoding,

    /// <summary>
    /// WordPiece, as for BERT: <c>vocab.txt</c>, a piece a line, where <c>##</c> begins a piece that goes on with a word. White space and,
    /// with small letters, capitals and accents don't come back.
    /// </summary>
    WordPiece,

    /// <summary>
    /// SentencePiece (Kudo and Richardson 2018), byte pair encoding or unigram language model, as for Llama and XLM-RoBERTa: a file
    /// <c>.model</c>.
    /// </summary>
    SentencePiece,

    /// <summary>
    /// Byte pair encoding of OpenAI's tiktoken: a file <c>.tiktoken</c>, a line for each piece with its bytes in base64 and its rank. Any
    /// text comes back as it was.
    /// </summary>
    Tiktoken,
}
