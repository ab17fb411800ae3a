"""Mistakes in words: what is wrong, and what would be right."""

from picoclaw_watchdog.settings.mistakes import DEFAULT, ENVIRONMENT, Flaw, Mistake, Origin

_EN: dict[Flaw, tuple[str, str]] = {
    Flaw.NOT_A_SWITCH: ('"{found}" is neither true nor false', "write true or false"),
    Flaw.NOT_WHOLE: ('"{found}" is no whole number', "write one from {low} to {high}{unit}"),
    Flaw.NOT_A_NUMBER: ('"{found}" is no number', "write one from {low} to {high}{unit}"),
    Flaw.OUT_OF_RANGE: ('"{found}" is out of range', "write {low} to {high}{unit}"),
    Flaw.NOT_A_URL: ('"{found}" is no http or https address', "write one like {right}"),
    Flaw.URL_PORT: ('"{found}" has no possible port', "write a port from {low} to {high}"),
    Flaw.URL_CREDENTIALS: (
        '"{found}" carries a user name or password, which is not supported',
        "write it without, like {right}",
    ),
    Flaw.NO_URL_PATH: (
        '"{found}" has no path, and only the webhook\'s path answers as expected',
        "write one like {right}",
    ),
    Flaw.NOT_A_UNIT: ('"{found}" is no name of a systemd service', "write one like {right}"),
    Flaw.NO_UNIT_SUFFIX: ('"{found}" does not end in .service', "write {right}"),
    Flaw.NOT_ABSOLUTE: (
        '"{found}" is no absolute path',
        "begin it with / or ~/ (variables such as $HOME are not expanded)",
    ),
    Flaw.NOT_A_URL_PATH: ('"{found}" is no path of an address', "write one like {right}"),
    Flaw.NOT_A_LANGUAGE: ('"{found}" is no language we speak', "write en or ja"),
    Flaw.NOT_A_RECIPIENT: (
        "this is no LINE ID",
        "write U (user), C (group) or R (room) and 32 digits of 0-9 a-f, in lower case",
    ),
    Flaw.NOT_A_TOKEN: (
        "the value has spaces or characters that no LINE token has",
        "copy it again from the LINE Developers Console, in one line",
    ),
    Flaw.NOT_A_KEY: (
        "the value has spaces or characters that no key for HTTP can have",
        "copy it again from where it was made, in one line",
    ),
    Flaw.NOT_A_PASSPHRASE: (
        "the value has a | or a control character",
        "write one without, for instance what `openssl rand -hex 32` prints",
    ),
    Flaw.NOT_NAMES: (
        '"{found}" is no list of model names',
        "separate names by commas, like {right}",
    ),
    Flaw.NOT_SOURCES: (
        '"{found}" is no list of sources, and nobody may ask for anything now',
        "write patterns, with their actions where not all are allowed, like {right}",
    ),
    Flaw.NOT_A_CHANNEL: (
        "address {right} in the list is none of Apprise's",
        "write addresses like tgram://TOKEN/CHAT, separated by spaces",
    ),
    Flaw.NOT_A_GRAVITY: (
        "what stands before > in address {right} of the list is no gravity",
        "write notice, warning or critical, as in warning>tgram://TOKEN/CHAT",
    ),
    Flaw.TOO_MANY_CHANNELS: ("these are too many addresses", "write {right} or fewer"),
    Flaw.NOT_A_HEARTBEAT: (
        "this is no http or https address, or one with a user name in it",
        "copy it from the service, like {right}",
    ),
    Flaw.NOT_WINDOWS: (
        '"{found}" is no planned window',
        "write an event of systemd.time(7) and a length, like {right}",
    ),
    Flaw.WRONG_TYPE: (
        "the value has the wrong JSON type",
        "write a number, a string, true or false; `watchdog` itself is an object",
    ),
    Flaw.PLACEHOLDER: ("this is still the example's stand-in", "write your own value"),
    Flaw.SHORT_TOKEN: (
        "the token is so short that it can be guessed",
        "write {right} characters or more, for instance what `openssl rand -hex 32` prints",
    ),
    Flaw.SENT_IN_CLEAR: (
        '"{found}" would send the LINE token unencrypted',
        "write an https address like {right}",
    ),
    Flaw.BEATS_IN_CLEAR: (
        "the address is plain http, so everybody on the way can read it and report in your place",
        "write an https address like {right}",
    ),
    Flaw.REFERENCE: (
        (
            "variables and commands ($NAME, ${{NAME}}, $(...), `...`) are not expanded in settings,"
            " so this counts as not set"
        ),
        "write the value itself; a path may begin with ~/",
    ),
    Flaw.REFERENCE_OR_SECRET: (
        (
            "variables and commands ($NAME, ${{NAME}}, $(...), `...`) are not expanded in settings,"
            " so this counts as not set"
        ),
        "write the value itself; if a $ or ` belongs to it, write {right}='...' into .env",
    ),
    Flaw.PLACE_IN_USE: (
        '"{found}" is there for something else, or is no private file of yours',
        "name a file that does not exist yet, like {right}",
    ),
    Flaw.NEEDS_ANOTHER: ("it is on, but {right} is not set", "set {right}, or write false here"),
    Flaw.NOT_FOUND: (
        "it is on, but {right} is not set and was not found in {found}",
        "set {right}, or write false here",
    ),
    Flaw.UNKNOWN_KEY: (
        "there is no such setting",
        "`picoclaw-watchdog config show` lists all there are",
    ),
    Flaw.MISSPELT_KEY: ("there is no such setting", "did you mean {right}?"),
    Flaw.REPEATED_KEY: (
        "it was set before, in line {found}, and only the last one counts",
        "remove one of the two lines",
    ),
    Flaw.ONLY_IN_ENVIRONMENT: (
        "it has no effect here, because it says where this file lies",
        "set PICO_HOME in the environment",
    ),
    Flaw.NO_EQUALS: ("the line has no =", "write {right}=value"),
    Flaw.CARRIAGE_RETURN: (
        "a carriage return is in the middle of the line",
        "save the file with the line ends of Unix",
    ),
    Flaw.UNCLOSED_QUOTE: ("the quote is not closed in this line", "write {right}='value'"),
    Flaw.AFTER_QUOTE: ("something follows the closing quote", "write {right}='value'"),
    Flaw.OPEN_TO_OTHERS: (
        "other users may open the file (mode {found}), and it holds secrets",
        "run: {right}",
    ),
    Flaw.NOT_PRIVATE: (
        "the LINE token may be in here, but other users may open the file (mode {found}): not used",
        "run: {right}",
    ),
    Flaw.WRITABLE: (
        "other users can change the file (mode {found}), so nothing in it is used",
        "check what it says, then run: {right}",
    ),
    Flaw.OF_ANOTHER_USER: (
        "the file belongs to another user (uid {found}), so nothing in it is used",
        "check what it says, then run: {right}",
    ),
    Flaw.FOLDER_WRITABLE: (
        "other users can put files into this folder (mode {found}), so no settings in it are used",
        "check what is in it, then run: {right}",
    ),
    Flaw.FOLDER_OF_ANOTHER_USER: (
        "the folder belongs to another user (uid {found}), so no settings in it are used",
        "check what is in it, then run: {right}",
    ),
    Flaw.MISSING: (
        "there is no file at {found}, so PicoClaw runs with its defaults",
        "write where its config.json is, or remove the line",
    ),
    Flaw.NOT_PLAIN: (
        "the LINE token may be in here, but only plain lines of `key: value` are read",
        "set {right}",
    ),
    Flaw.UNREADABLE: ("the file cannot be read ({found})", "run: {right}"),
    Flaw.NOT_A_FILE: ("this is no regular file", "put a text file in its place"),
    Flaw.TOO_LARGE: (
        "the file is too large and was not read",
        "it may have {right}; is it the right file?",
    ),
    Flaw.NOT_UTF8: ("this is no UTF-8 text", "save the file as UTF-8"),
    Flaw.NOT_JSON: ("this is no valid JSON", "mend it here or just above, or restore a backup"),
    Flaw.NOT_AN_OBJECT: ("the file holds no JSON object", 'write {{"watchdog": {{...}}}}'),
}

_JA: dict[Flaw, tuple[str, str]] = {
    Flaw.NOT_A_SWITCH: (
        "「{found}」は true でも false でもありません",
        "true か false を書いてください",
    ),
    Flaw.NOT_WHOLE: (
        "「{found}」は整数ではありません",
        "{low} から {high} までの整数{unit}を半角で書いてください",
    ),
    Flaw.NOT_A_NUMBER: (
        "「{found}」は数値ではありません",
        "{low} から {high} までの数値{unit}を半角で書いてください",
    ),
    Flaw.OUT_OF_RANGE: ("「{found}」は範囲外です", "{low} から {high} まで{unit}で書いてください"),
    Flaw.NOT_A_URL: (
        "「{found}」は http または https の URL ではありません",
        "{right} のように書いてください",
    ),
    Flaw.URL_PORT: (
        "「{found}」のポート番号は使えません",
        "{low} から {high} までのポートを書いてください",
    ),
    Flaw.URL_CREDENTIALS: (
        "「{found}」にユーザー名またはパスワードが含まれていますが、対応していません",
        "{right} のように、それらを除いて書いてください",
    ),
    Flaw.NO_URL_PATH: (
        "「{found}」にパスがありません。期待どおり応答するのは Webhook のパスだけです",
        "{right} のように書いてください",
    ),
    Flaw.NOT_A_UNIT: (
        "「{found}」は systemd サービスの名前ではありません",
        "{right} のように書いてください",
    ),
    Flaw.NO_UNIT_SUFFIX: ("「{found}」が .service で終わっていません", "{right} と書いてください"),
    Flaw.NOT_ABSOLUTE: (
        "「{found}」は絶対パスではありません",
        "/ または ~/ で始めてください($HOME などの変数は展開されません)",
    ),
    Flaw.NOT_A_URL_PATH: (
        "「{found}」は URL のパスではありません",
        "{right} のように書いてください",
    ),
    Flaw.NOT_A_LANGUAGE: ("「{found}」という言語には対応していません", "en か ja を書いてください"),
    Flaw.NOT_A_RECIPIENT: (
        "LINE の ID ではありません",
        "U(ユーザー)、C(グループ)、R(ルーム)のいずれかと、小文字の 0-9 a-f 32 桁を書いてください",
    ),
    Flaw.NOT_A_TOKEN: (
        "空白など、LINE のトークンにない文字が含まれています",
        "LINE Developers コンソールから 1 行でコピーし直してください",
    ),
    Flaw.NOT_A_KEY: (
        "空白など、HTTP のキーに使えない文字が含まれています",
        "発行元から 1 行でコピーし直してください",
    ),
    Flaw.NOT_A_PASSPHRASE: (
        "| または制御文字が含まれています",
        "それらのない値(例: `openssl rand -hex 32` の出力)を書いてください",
    ),
    Flaw.NOT_NAMES: (
        "「{found}」はモデル名の並びではありません",
        "{right} のようにコンマで区切ってください",
    ),
    Flaw.NOT_SOURCES: (
        "「{found}」は要求元の並びではありません。このままでは誰の要求も受け付けません",
        "{right} のように、パターンと(限る場合は)許す操作を書いてください",
    ),
    Flaw.NOT_A_CHANNEL: (
        "{right} 番目は Apprise の URL ではありません",
        "tgram://TOKEN/CHAT のような URL を、空白で区切って書いてください",
    ),
    Flaw.NOT_A_GRAVITY: (
        "{right} 番目の > の前が重大度ではありません",
        "warning>tgram://TOKEN/CHAT のように notice、warning、critical のいずれかを書いてください",
    ),
    Flaw.TOO_MANY_CHANNELS: ("URL が多すぎます", "{right} 件以下にしてください"),
    Flaw.NOT_A_HEARTBEAT: (
        "http または https の URL でないか、ユーザー名を含んでいます",
        "サービスの画面から {right} のような URL をコピーしてください",
    ),
    Flaw.NOT_WINDOWS: (
        "「{found}」は予定の時間帯ではありません",
        "{right} のように、systemd.time(7) の日時と長さを書いてください",
    ),
    Flaw.WRONG_TYPE: (
        "JSON の型が違います",
        "数値、文字列、true、false のいずれかを書いてください(watchdog 自体はオブジェクトです)",
    ),
    Flaw.PLACEHOLDER: ("設定例の仮の値のままです", "ご自分の値を書いてください"),
    Flaw.SHORT_TOKEN: (
        "トークンが短く、推測されるおそれがあります",
        "{right} 文字以上(例: `openssl rand -hex 32` の出力)にしてください",
    ),
    Flaw.SENT_IN_CLEAR: (
        "「{found}」では LINE のトークンが暗号化されずに送られます",
        "{right} のような https の URL を書いてください",
    ),
    Flaw.BEATS_IN_CLEAR: (
        "暗号化されない http の URL なので、途中で読まれ、なりすまされるおそれがあります",
        "{right} のような https の URL を書いてください",
    ),
    Flaw.REFERENCE: (
        "変数やコマンド($NAME、${{NAME}}、$(...)、`...`)は展開されないため、設定なしとして扱います",
        "値そのものを書いてください。パスは ~/ で始められます",
    ),
    Flaw.REFERENCE_OR_SECRET: (
        "変数やコマンド($NAME、${{NAME}}、$(...)、`...`)は展開されないため、設定なしとして扱います",
        "値そのものを書いてください。$ や ` が値の一部なら .env に {right}='...' と書いてください",
    ),
    Flaw.NOT_FOUND: (
        "有効ですが、{right} が設定されておらず、{found} にもありません",
        "{right} を設定するか、ここに false と書いてください",
    ),
    Flaw.PLACE_IN_USE: (
        "「{found}」は別の用途のものか、自分専用のファイルではありません",
        "{right} のように、まだないファイルを書いてください",
    ),
    Flaw.NEEDS_ANOTHER: (
        "有効ですが、{right} が設定されていません",
        "{right} を設定するか、ここに false と書いてください",
    ),
    Flaw.UNKNOWN_KEY: (
        "そのような設定はありません",
        "一覧は `picoclaw-watchdog config show` で見られます",
    ),
    Flaw.MISSPELT_KEY: ("そのような設定はありません", "{right} の間違いではありませんか"),
    Flaw.REPEATED_KEY: (
        "{found} 行目にも同じ設定があり、後のものだけが有効です",
        "どちらかの行を消してください",
    ),
    Flaw.ONLY_IN_ENVIRONMENT: (
        "このファイルの場所を決める設定なので、ここでは効きません",
        "環境変数 PICO_HOME で設定してください",
    ),
    Flaw.NO_EQUALS: ("この行に = がありません", "{right}=値 と書いてください"),
    Flaw.CARRIAGE_RETURN: (
        "行の途中に復帰文字(CR)があります",
        "改行コードを LF にして保存してください",
    ),
    Flaw.UNCLOSED_QUOTE: (
        "引用符がこの行で閉じられていません",
        "{right}='値' と書いてください",
    ),
    Flaw.AFTER_QUOTE: ("閉じた引用符の後に余分な文字があります", "{right}='値' と書いてください"),
    Flaw.OPEN_TO_OTHERS: (
        "秘密情報を含むファイルを他のユーザーが開けます(モード {found})",
        "実行してください: {right}",
    ),
    Flaw.NOT_PRIVATE: (
        "LINE のトークンがあるかもしれませんが、他のユーザーが開けるため(モード {found})使いません",
        "実行してください: {right}",
    ),
    Flaw.WRITABLE: (
        "他のユーザーがファイルを書き換えられるため(モード {found})、内容を一切使いません",
        "内容を確かめてから実行してください: {right}",
    ),
    Flaw.OF_ANOTHER_USER: (
        "ファイルの所有者が別のユーザー(uid {found})のため、内容を一切使いません",
        "内容を確かめてから実行してください: {right}",
    ),
    Flaw.FOLDER_WRITABLE: (
        "他のユーザーがこのフォルダーに書き込めるため(モード {found})、中の設定を一切使いません",
        "中身を確かめてから実行してください: {right}",
    ),
    Flaw.FOLDER_OF_ANOTHER_USER: (
        "フォルダーの所有者が別のユーザー(uid {found})のため、中の設定を一切使いません",
        "中身を確かめてから実行してください: {right}",
    ),
    Flaw.MISSING: (
        "{found} にファイルがないため、PicoClaw は既定値で動きます",
        "config.json の場所を書き直すか、この行を消してください",
    ),
    Flaw.NOT_PLAIN: (
        "LINE のトークンがあるかもしれませんが、1 行に `キー: 値` の形でないものは読めません",
        "{right} を設定してください",
    ),
    Flaw.UNREADABLE: ("ファイルを読めません({found})", "実行してください: {right}"),
    Flaw.NOT_A_FILE: (
        "通常のファイルではありません",
        "代わりにテキストファイルを置いてください",
    ),
    Flaw.TOO_LARGE: (
        "ファイルが大きすぎるため、読みませんでした",
        "上限は {right} です。正しいファイルか確かめてください",
    ),
    Flaw.NOT_UTF8: ("UTF-8 のテキストではありません", "UTF-8 で保存してください"),
    Flaw.NOT_JSON: (
        "正しい JSON ではありません",
        "この行かその直前を直すか、バックアップから戻してください",
    ),
    Flaw.NOT_AN_OBJECT: (
        "JSON のオブジェクトではありません",
        '{{"watchdog": {{...}}}} の形で書いてください',
    ),
}

SENTENCES = {"en": _EN, "ja": _JA}

_UNITS_JA = {
    "seconds": "秒",
    "restarts": "回",
    "messages": "通",
    "bytes": "バイト",
    "files": "個",
    "days": "日",
}
_PLACES_JA = {ENVIRONMENT: "環境変数", DEFAULT: "既定値"}


def sentence(mistake: Mistake, language: str) -> str:
    """The mistake in one line: where, which key, what is wrong, what would be right."""
    low, _, high = mistake.right.partition("..")
    wrong, right = SENTENCES.get(language, _EN)[mistake.flaw]
    words = {
        "found": mistake.found,
        "right": mistake.right,
        "low": low,
        "high": high,
        "unit": _unit(mistake.unit, language),
    }
    start = [place(mistake.origin, language), mistake.key] if mistake.key else [mistake.origin.text]
    pause = "。" if language == "ja" else "; "
    return ": ".join([*start, f"{wrong}{pause}{right}".format(**words)])


def place(origin: Origin, language: str) -> str:
    """Where something was written."""
    return _PLACES_JA.get(origin, origin.text) if language == "ja" else origin.text


def unit_word(unit: str, language: str) -> str:
    """The unit's name."""
    return _UNITS_JA[unit] if unit and language == "ja" else unit


def _unit(unit: str, language: str) -> str:
    if not unit:
        return ""
    return f"({unit_word(unit, language)})" if language == "ja" else f" ({unit})"
